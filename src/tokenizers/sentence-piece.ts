import { TokenizerError } from "../errors.ts";
import { ProtobufReader } from "./protobuf.ts";

export type PieceType = "normal" | "unknown" | "control" | "user-defined" | "unused" | "byte";

export interface SentencePiece {
  text: string;
  /** Unigram: logarithm of the probability. BPE: minus the rank of the merge. */
  score: number;
  type: PieceType;
}

/** What a `spiece.model`, `spm.model`, `sentencepiece.bpe.model` or `tokenizer.model` says. The index of a piece is its id. */
export interface SentencePieceModel {
  /** Name of the file, as errors name it. */
  file: string;
  algorithm: "unigram" | "bpe" | "word" | "char";
  pieces: SentencePiece[];
  byteFallback: boolean;
  unknownId: number;
  /** -1 where there is none, as for the next two. */
  beginId: number;
  endId: number;
  padId: number;
  unknownPiece: string;
  /** The compiled character map that `Precompiled` reads; empty where text is not normalized. */
  precompiledCharsmap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
  escapeWhitespaces: boolean;
}

const PIECE_TYPES = [undefined, "normal", "unknown", "control", "user-defined", "unused", "byte"] as const;
const ALGORITHMS = [undefined, "unigram", "bpe", "word", "char"] as const;
/** Trainers write all three, in this order: without one the file is not whole. */
const REQUIRED_FIELDS: [number: number, name: string][] = [
  [1, "pieces"],
  [2, "trainer_spec"],
  [3, "normalizer_spec"],
];
/** Four times the largest vocabulary in use. */
const MAX_PIECES = 2 ** 20;
const MAX_CHARSMAP_BYTES = 2 ** 26;

/**
 * Reads a SentencePiece model. Fields: google/sentencepiece, src/sentencepiece_model.proto.
 *
 * @throws TokenizerError for bytes that are cut off, are no such model, or contradict themselves.
 */
export function readSentencePieceModel(bytes: Uint8Array, file: string): SentencePieceModel {
  const model: SentencePieceModel = {
    file,
    algorithm: "unigram",
    pieces: [],
    byteFallback: false,
    unknownId: 0,
    beginId: 1,
    endId: 2,
    padId: -1,
    unknownPiece: "<unk>",
    precompiledCharsmap: new Uint8Array(0),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
  };
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const reader = new ProtobufReader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), file);
  const seen = new Set<number>();
  while (reader.next()) {
    seen.add(reader.number);
    if (reader.number === 1) model.pieces.push(readPiece(reader.message(), model.pieces.length, decoder, file));
    if (reader.number === 2) readTrainerSpec(reader.message(), model, decoder);
    if (reader.number === 3) readNormalizerSpec(reader.message(), model);
    if (model.pieces.length > MAX_PIECES) throw new TokenizerError(`${file} has more than ${MAX_PIECES} pieces.`);
  }
  for (const [number, name] of REQUIRED_FIELDS) {
    if (!seen.has(number)) {
      throw new TokenizerError(`${file} has no ${name}: it is cut off, or no SentencePiece model. Get it again.`);
    }
  }
  checkModel(model);
  return model;
}

function readPiece(reader: ProtobufReader, id: number, decoder: TextDecoder, file: string): SentencePiece {
  const piece: SentencePiece = { text: "", score: 0, type: "normal" };
  while (reader.next()) {
    if (reader.number === 1) piece.text = decodeText(reader.bytes(), () => `piece ${id}`, decoder, file);
    if (reader.number === 2) piece.score = reader.float;
    if (reader.number === 3) {
      const type = PIECE_TYPES[reader.integer];
      if (type === undefined) {
        throw new TokenizerError(`${file}: piece ${id} has the type ${reader.integer}; expected 1 to 6.`);
      }
      piece.type = type;
    }
  }
  return piece;
}

function readTrainerSpec(reader: ProtobufReader, model: SentencePieceModel, decoder: TextDecoder): void {
  while (reader.next()) {
    const { number, integer } = reader;
    if (number === 3) {
      const algorithm = ALGORITHMS[integer];
      if (algorithm === undefined) {
        throw new TokenizerError(`${model.file}: model_type is ${integer}; expected 1 (unigram) to 4 (char).`);
      }
      model.algorithm = algorithm;
    }
    if (number === 35) model.byteFallback = integer !== 0;
    if (number === 40) model.unknownId = integer;
    if (number === 41) model.beginId = integer;
    if (number === 42) model.endId = integer;
    if (number === 43) model.padId = integer;
    if (number === 45) model.unknownPiece = decodeText(reader.bytes(), () => "unk_piece", decoder, model.file);
  }
}

function readNormalizerSpec(reader: ProtobufReader, model: SentencePieceModel): void {
  while (reader.next()) {
    const { number, integer } = reader;
    if (number === 2) model.precompiledCharsmap = reader.bytes();
    if (number === 3) model.addDummyPrefix = integer !== 0;
    if (number === 4) model.removeExtraWhitespaces = integer !== 0;
    if (number === 5) model.escapeWhitespaces = integer !== 0;
  }
}

function checkModel(model: SentencePieceModel): void {
  const { file, pieces, unknownId } = model;
  if (unknownId < 0 || unknownId >= pieces.length) {
    throw new TokenizerError(`${file}: unk_id is ${unknownId}; expected one of the ${pieces.length} pieces.`);
  }
  if (model.precompiledCharsmap.length > MAX_CHARSMAP_BYTES) {
    throw new TokenizerError(
      `${file}: precompiled_charsmap has ${model.precompiledCharsmap.length} bytes; at most ${MAX_CHARSMAP_BYTES}.`,
    );
  }
}

function decodeText(bytes: Uint8Array, what: () => string, decoder: TextDecoder, file: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new TokenizerError(`${file}: ${what()} is not UTF-8: the file is damaged, or no SentencePiece model.`, {
      cause,
    });
  }
}
