import { spellWords, type WordSpelling } from "./spell-words.ts";
import type { TrainingSteps } from "./step.ts";
import type { StringCounts } from "./string-counts.ts";
import { SymbolPairs } from "./symbol-pairs.ts";

export interface MergeTrainingOptions extends WordSpelling {
  /** Tokens to end with, `reserved` ones and characters counted. */
  vocabularySize: number;
  /** Pairs that come less often are not merged. */
  minFrequency: number;
}

export interface LearnedMerges {
  /** By id. */
  readonly tokens: readonly string[];
  /** Pairs of tokens, the first merged first. */
  readonly merges: readonly (readonly [string, string])[];
}

const MERGES_A_STEP = 64;

/**
 * Learns the merges of byte-pair encoding: again and again the most frequent pair of neighbours becomes a token. WordPiece
 * vocabularies are made the same way. Of equally frequent pairs that of the lower ids comes first.
 *
 * Source: Sennrich et al. 2016, section 3.2; order of ids and of ties as huggingface/tokenizers, models/bpe/trainer.
 *
 * @throws InputError when the characters alone are more than `vocabularySize`.
 */
export function* learnMerges(words: StringCounts, options: MergeTrainingOptions): TrainingSteps<LearnedMerges> {
  const { vocabularySize, minFrequency, reserved, continuingPrefix } = options;
  const { tokens, symbols, words: wordOf } = spellWords(words, options, vocabularySize);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: (readonly [string, string])[] = [];
  const first = tokens.length;
  const step = () => ({ phase: "merge", done: tokens.length - first, total: vocabularySize - first, unit: "tokens" });
  yield step();
  const pairs = new SymbolPairs(symbols, wordOf, words.counts);
  while (tokens.length < vocabularySize && pairs.takeMostFrequent(minFrequency)) {
    const [left, right] = [tokens[pairs.left]!, tokens[pairs.right]!];
    const joined = left + right.slice(continuingPrefix.length);
    let id = ids.get(joined);
    if (id !== undefined && id < reserved.length) continue;
    if (id === undefined) {
      id = tokens.push(joined) - 1;
      ids.set(joined, id);
    }
    pairs.merge(id);
    merges.push([left, right]);
    if (merges.length % MERGES_A_STEP === 0) yield step();
  }
  return { tokens, merges };
}
