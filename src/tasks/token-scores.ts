import type { Encoding } from "../tokenizers/encoding.ts";
import { softmax } from "./score-activation.ts";

/** A token of a text, and what a model makes of it. */
export interface TokenScores {
  /** Its number among the text's tokens. */
  readonly index: number;
  /** The number of its word. */
  readonly word: number;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Probabilities, one a label. */
  readonly scores: readonly number[];
  /** Tokens between it and the nearer end of its window. */
  readonly margin: number;
}

/**
 * The tokens of a window, special ones left out.
 *
 * @param logits `[tokens, labels]`
 * @param wordStarts where each word begins, of a text that came as words: ranges count from there
 */
export function scoreTokens(encoding: Encoding, logits: Float32Array, wordStarts?: readonly number[]): TokenScores[] {
  const { indices, words, offsets } = encoding;
  const labels = logits.length / indices.length;
  return indices.flatMap((index, i) => {
    if (index === null) return [];
    const word = words[i] as number;
    const base = wordStarts?.[word] ?? 0;
    const [start, end] = offsets[i] as [number, number];
    const scores = softmax(Array.from(logits.subarray(i * labels, (i + 1) * labels)));
    const margin = Math.min(i, indices.length - 1 - i);
    return [{ index, word, start: base + start, end: base + end, scores, margin }];
  });
}

/** Every token once, in the text's order, as the window scores it in which it is furthest from the ends. */
export function uniteWindows(windows: readonly (readonly TokenScores[])[]): readonly TokenScores[] {
  if (windows.length === 1) return windows[0] as readonly TokenScores[];
  const tokens: TokenScores[] = [];
  for (const token of windows.flat()) {
    const before = tokens[token.index];
    if (before === undefined || token.margin > before.margin) tokens[token.index] = token;
  }
  return tokens.filter((token) => token !== undefined);
}
