import { TokenizerError } from "../errors.ts";
import { readWordPiece } from "./read-word-piece.ts";
import { readTokenizerConfig } from "./tokenizer-config.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";
import type { TokenizerParts } from "./tokenizer-parts.ts";

/**
 * Reads the tokenizer of a model folder: tokenizer.json, else the vocabulary in the form that its family has.
 *
 * @throws TokenizerError when there is none, or a file cannot be used.
 */
export async function readTokenizer(files: TokenizerFiles): Promise<TokenizerParts> {
  const config = await readTokenizerConfig(files);
  const vocabulary = await files.read("vocab.txt");
  if (vocabulary !== undefined) return readWordPiece(vocabulary, config);
  throw new TokenizerError(
    `${files.name} holds no tokenizer: expected one of tokenizer.json, vocab.txt, vocab.json with merges.txt, ` +
      "spiece.model, spm.model, sentencepiece.bpe.model.",
  );
}
