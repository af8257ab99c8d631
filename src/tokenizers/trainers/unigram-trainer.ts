import { PieceTrie } from "../piece-trie.ts";
import { frequentSubstrings } from "./frequent-substrings.ts";
import { PieceLattice } from "./piece-lattice.ts";
import { cutWords, ShortTexts } from "./short-texts.ts";
import { tooSmall } from "./spell-words.ts";
import type { TrainingStep, TrainingSteps } from "./step.ts";
import type { StringCounts } from "./string-counts.ts";

export interface UnigramTrainingOptions {
  /** Pieces to end with, `reserved` ones counted. */
  vocabularySize: number;
  /** Substrings that come less often are no candidates. */
  minFrequency: number;
  /** Pieces with ids before all others, which no learned one may spell. */
  reserved: readonly string[];
  /** Code points, ascending. Each is a piece; other characters stay unknown. */
  alphabet: readonly number[];
}

/** In UTF-16 units, as SentencePiece has it. */
const LONGEST_PIECE = 16;
/** Candidates for each piece that is wanted, and at most in all. */
const SEEDS_PER_PIECE = 16;
const MOST_SEEDS = 1_000_000;
/** How much of the pieces one round of pruning keeps, and how many rounds of estimation come before. */
const KEPT_SHARE = 0.75;
const ESTIMATES_A_ROUND = 2;
/** Pruning by loss stops at this many times the pieces wanted; the last go by probability. */
const SPARE = 1.1;
/** Pieces that are expected to come less often go. */
const LEAST_EXPECTED = 0.5;
/**
 * Probabilities are multiplied by e to this for each UTF-16 unit: pieces that come once in a billion and such that come
 * always then stay within the range of doubles over all of a text of 48 units.
 */
const SCALE = 11.5;

/**
 * Learns the pieces of a unigram model with their log probabilities, the reserved ones first: from many frequent
 * substrings, those go, round by round, without which the corpus loses least of its likelihood.
 *
 * Source: Kudo 2018, section 3.2; details (digamma, alternatives, shares) as google/sentencepiece, unigram_model_trainer.
 *
 * @throws InputError when the characters alone are more than `vocabularySize`.
 */
export function* learnPieces(words: StringCounts, options: UnigramTrainingOptions): TrainingSteps<[string, number][]> {
  const { vocabularySize, reserved, alphabet } = options;
  const wanted = vocabularySize - reserved.length;
  const learned = alphabet.filter((code) => !reserved.includes(String.fromCodePoint(code)));
  if (learned.length > wanted) throw tooSmall(vocabularySize, reserved.length + learned.length, reserved.length);
  const texts = cutWords(words, learned);
  yield { phase: "seed", done: 0, total: 1, unit: "rounds" };
  const pieces = new UnigramPieces(texts, learned, options, wanted);
  const enough = Math.max(wanted, Math.floor(wanted * SPARE));
  const rounds = 1 + Math.max(0, Math.ceil(Math.log(enough / pieces.size) / Math.log(KEPT_SHARE)));
  const step = (round: number): TrainingStep => ({ phase: "prune", done: round, total: rounds, unit: "rounds" });
  for (let round = 0; ; round++) {
    yield step(Math.min(round, rounds));
    for (let i = 0; i < ESTIMATES_A_ROUND; i++) {
      pieces.estimate();
      yield step(Math.min(round, rounds));
    }
    if (pieces.size <= enough) break;
    pieces.prune(Math.max(enough, Math.floor(pieces.size * KEPT_SHARE)));
  }
  return [...reserved.map((token): [string, number] => [token, 0]), ...pieces.best(wanted)];
}

/** The pieces that are left, the characters first, which stay. */
class UnigramPieces {
  private readonly characters: number;
  private spellings: string[];
  private logProbabilities: Float64Array;
  private readonly texts: ShortTexts;
  private readonly words: PieceLattice;
  /** The candidates themselves as texts, to see what would stand in their place. */
  private readonly candidates: PieceLattice;
  /** By candidate text: its piece, or -1 once that is gone. */
  private readonly candidateIds: Int32Array;

  constructor(texts: ShortTexts, alphabet: readonly number[], options: UnigramTrainingOptions, wanted: number) {
    const limit = Math.min(MOST_SEEDS, wanted * SEEDS_PER_PIECE);
    const seeds = frequentSubstrings(texts, LONGEST_PIECE, options.minFrequency, limit);
    this.texts = texts;
    this.characters = alphabet.length;
    this.spellings = alphabet.map((code) => String.fromCodePoint(code));
    const scores = [...characterCounts(texts, this.spellings)];
    const reserved = new Set(options.reserved);
    const candidates = new ShortTexts();
    for (let i = 0; i < seeds.starts.length; i++) {
      const [start, end] = [seeds.starts[i]!, seeds.starts[i]! + seeds.lengths[i]!];
      const spelling = String.fromCharCode(...texts.units.subarray(start, end));
      if (reserved.has(spelling)) continue;
      this.spellings.push(spelling);
      scores.push(seeds.scores[i]!);
      candidates.push(texts.units, start, end, 1);
    }
    const sum = Math.log(scores.reduce((total, score) => total + score, 0));
    this.logProbabilities = Float64Array.from(scores, (score) => Math.log(Math.max(score, LEAST_EXPECTED)) - sum);
    const trie = new PieceTrie(this.spellings.length * 4);
    for (const [id, spelling] of this.spellings.entries()) trie.add(spelling, id);
    this.words = new PieceLattice(texts, trie);
    this.candidates = new PieceLattice(candidates, trie);
    this.candidateIds = Int32Array.from({ length: candidates.size }, (_, i) => this.characters + i);
  }

  get size(): number {
    return this.spellings.length;
  }

  /** One round of expectation and maximization; pieces that hardly come any more go. */
  estimate(): void {
    const expected = new Float64Array(this.size);
    this.words.expect(this.scaled(), expected);
    const isKept = (id: number) => id < this.characters || expected[id]! >= LEAST_EXPECTED;
    let sum = 0;
    for (let id = 0; id < this.size; id++) {
      if (!isKept(id)) continue;
      expected[id] = Math.max(expected[id]!, LEAST_EXPECTED);
      sum += expected[id]!;
    }
    const logSum = digamma(sum);
    this.logProbabilities = expected.map((count) => digamma(Math.max(count, LEAST_EXPECTED)) - logSum);
    this.keep(isKept);
  }

  /** Keeps the `count` pieces whose loss would cost most. */
  prune(count: number): void {
    const losses = this.losses();
    const others = [...losses.keys()].filter((id) => id >= this.characters && losses[id]! > Number.NEGATIVE_INFINITY);
    others.sort((a, b) => losses[b]! - losses[a]! || a - b);
    const kept = new Set(others.slice(0, Math.max(0, count - this.characters)));
    this.keep((id) => id < this.characters || kept.has(id));
  }

  /** The most probable pieces, characters in any case, sorted by probability. */
  best(count: number): [string, number][] {
    const order = [...this.spellings.keys()].sort(
      (a, b) => this.logProbabilities[b]! - this.logProbabilities[a]! || a - b,
    );
    let room = count - this.characters;
    const kept = order.filter((id) => id < this.characters || room-- > 0);
    return kept.map((id) => [this.spellings[id]!, this.logProbabilities[id]!]);
  }

  /**
   * By piece: how much likelihood the corpus would lose without it; -Infinity where the piece itself is best written with
   * others, or is never used.
   */
  private losses(): Float64Array {
    const probabilities = this.scaled();
    const used = new Float64Array(this.size);
    this.words.eachBest(probabilities, (text, pieces, count) => {
      for (let i = 0; i < count; i++) used[pieces[i]!]! += this.texts.weights[text]!;
    });
    const sum = used.reduce((total, count) => total + count, 0);
    const losses = new Float64Array(this.size).fill(Number.NEGATIVE_INFINITY);
    this.candidates.eachBest(
      probabilities,
      (text, others, count, probability) => {
        const id = this.candidateIds[text]!;
        if (id < 0 || used[id] === 0 || probability >= probabilities[id]!) return;
        const uses = used[id]!;
        const logSum = Math.log(sum + uses * (count - 1));
        let without = 0;
        for (let i = 0; i < count; i++) without += Math.log(used[others[i]!]! + uses) - logSum;
        losses[id] = (uses / sum) * (Math.log(uses) - Math.log(sum) - without);
      },
      this.candidateIds,
    );
    return losses;
  }

  private scaled(): Float64Array {
    return this.logProbabilities.map((value, id) => Math.exp(value + SCALE * this.spellings[id]!.length));
  }

  private keep(isKept: (id: number) => boolean): void {
    const numbers = new Int32Array(this.size).fill(-1);
    const kept: number[] = [];
    for (let id = 0; id < this.size; id++) if (isKept(id)) numbers[id] = kept.push(id) - 1;
    if (kept.length === this.size) return;
    this.spellings = kept.map((id) => this.spellings[id]!);
    this.logProbabilities = Float64Array.from(kept, (id) => this.logProbabilities[id]!);
    this.words.renumber(numbers);
    this.candidates.renumber(numbers);
    for (let i = 0; i < this.candidateIds.length; i++) {
      if (this.candidateIds[i]! >= 0) this.candidateIds[i] = numbers[this.candidateIds[i]!]!;
    }
  }
}

function characterCounts(texts: ShortTexts, characters: readonly string[]): Float64Array {
  const ids = new Map(characters.map((character, id) => [character, id]));
  const counts = new Float64Array(characters.length);
  for (let text = 0; text < texts.size; text++) {
    const word = String.fromCharCode(...texts.units.subarray(texts.starts[text]!, texts.starts[text + 1]!));
    for (const character of word) counts[ids.get(character)!]! += texts.weights[text]!;
  }
  return counts;
}

/** The derivative of the logarithm of the gamma function: of few observations it makes less than their logarithm. */
function digamma(x: number): number {
  let shift = 0;
  for (; x < 7; x++) shift -= 1 / x;
  x -= 0.5;
  const inverse = 1 / (x * x);
  const series = inverse * (1 / 24 - inverse * (7 / 960 - inverse * (31 / 8064 - (inverse * 127) / 30720)));
  return shift + Math.log(x) + series;
}
