import { InputError } from "../errors.ts";

/**
 * Tokens of one run, for each thread and at least: what keeps the activations of MiniLM in the second-level caches.
 * Measured: runs of 4,096 tokens on two threads take a fifth longer a token than runs of 512, those of 256 a tenth.
 */
const TOKENS_A_THREAD = 256;
const LEAST_TOKENS = 512;

/**
 * How many tokens a run has at most.
 *
 * @throws InputError when what was asked for is no whole number above 0.
 */
export function chooseBatchTokens(asked: number | undefined, threads: number): number {
  const tokens = asked ?? Math.max(LEAST_TOKENS, TOKENS_A_THREAD * threads);
  if (Number.isInteger(tokens) && tokens >= 1) return tokens;
  throw new InputError(`batchTokens is ${asked}; expected an integer of at least 1.`);
}
