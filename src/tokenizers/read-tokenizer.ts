import { TokenizerError } from "../errors.ts";
import { assembleTokenizer } from "./assemble-tokenizer.ts";
import { describeBytePair } from "./describe-byte-pair.ts";
import { describeSentencePiece } from "./describe-sentence-piece.ts";
import { describeWordPiece } from "./describe-word-piece.ts";
import { Fields } from "./fields.ts";
import { readSentencePieceModel } from "./sentence-piece.ts";
import { readTokenizerConfig } from "./tokenizer-config.ts";
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
 * Reads the tokenizer of a model folder: tokenizer.json, else the vocabulary in the form that its family has.
 *
 * @throws TokenizerError when there is none, or a file cannot be used.
 */
export async function readTokenizer(files: TokenizerFiles): Promise<TokenizerParts> {
  const config = await readTokenizerConfig(files);
  const json = await files.read("tokenizer.json");
  if (json !== undefined) return assembleTokenizer(parseJson("tokenizer.json", json), config);
  const words = await files.read("vocab.txt");
  if (words !== undefined) return assembleTokenizer(new Fields(describeWordPiece(words, config), "vocab.txt"), config);
  const [vocabulary, merges] = [await files.read("vocab.json"), await files.read("merges.txt")];
  if (vocabulary !== undefined && merges !== undefined) {
    return assembleTokenizer(new Fields(describeBytePair(vocabulary, merges, config), "vocab.json"), config);
  }
  for (const file of SENTENCE_PIECE_FILES) {
    const bytes = await files.read(file);
    if (bytes === undefined) continue;
    const description = describeSentencePiece(readSentencePieceModel(bytes, file), config.className, config);
    return assembleTokenizer(new Fields(description, file), config);
  }
  throw new TokenizerError(
    `${files.name} holds no tokenizer: expected tokenizer.json, vocab.txt, vocab.json with merges.txt, or one of ` +
      `${SENTENCE_PIECE_FILES.join(", ")}.`,
  );
}
