import { TokenizerError } from "../errors.ts";
import { type AssemblyOptions, assembleTokenizer } from "./assemble-tokenizer.ts";
import { describeBytePair } from "./describe-byte-pair.ts";
import { describeSentencePiece } from "./describe-sentence-piece.ts";
import { describeWordPiece } from "./describe-word-piece.ts";
import { Fields } from "./fields.ts";
import { readSentencePieceModel } from "./sentence-piece.ts";
import { readTokenizerConfig, type TokenizerConfig } from "./tokenizer-config.ts";
import { parseJson, type TokenizerFiles } from "./tokenizer-files.ts";
import type { TokenizerParts } from "./tokenizer-parts.ts";

const SENTENCE_PIECE_FILES = [
  "spiece.model",
  "spm.model",
  "sentencepiece.bpe.model",
  "sentencepiece.model",
  "tokenizer.model",
];

/**
 * Reads the tokenizer of a model folder.
 *
 * @throws TokenizerError when there is none, or a file cannot be used.
 */
export async function readTokenizer(files: TokenizerFiles, options: AssemblyOptions = {}): Promise<TokenizerParts> {
  const config = await readTokenizerConfig(files);
  return assembleTokenizer(await describeTokenizer(files, config), config, options);
}

/** A folder's tokenizer in the shape of tokenizer.json: that file, or what the vocabulary and its family come to. */
export async function describeTokenizer(files: TokenizerFiles, config: TokenizerConfig): Promise<Fields> {
  const json = await files.read("tokenizer.json");
  if (json !== undefined) return parseJson("tokenizer.json", json);
  const words = await files.read("vocab.txt");
  if (words !== undefined) return new Fields(describeWordPiece(words, config), "vocab.txt");
  const [vocabulary, merges] = [await files.read("vocab.json"), await files.read("merges.txt")];
  if (vocabulary !== undefined && merges !== undefined) {
    return new Fields(describeBytePair(vocabulary, merges, config), "vocab.json");
  }
  for (const file of SENTENCE_PIECE_FILES) {
    const bytes = await files.read(file);
    if (bytes === undefined) continue;
    return new Fields(describeSentencePiece(readSentencePieceModel(bytes, file), config.className, config), file);
  }
  throw new TokenizerError(
    `${files.name} holds no tokenizer: expected tokenizer.json, vocab.txt, vocab.json with merges.txt, or one of ` +
      `${SENTENCE_PIECE_FILES.join(", ")}.`,
  );
}
