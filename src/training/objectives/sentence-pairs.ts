/** Pairs of segments for next sentence prediction (BERT) and sentence order prediction (ALBERT). */
import { randomBits, seedOf, uniform } from "../../backends/random.ts";
import type { Items } from "../batches/sequence.ts";

/** A document as its sentences, each as tokens without special ones. */
export type SentenceDocument = readonly Int32Array[];

/** Two segments, and how they belong together. */
export interface SegmentPair {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /**
   * As the checkpoints' heads have it: 0 for segments that follow each other in this order; 1 for a random second one
   * (next sentence), or for two in the wrong order (sentence order).
   */
  readonly label: 0 | 1;
}

/** How long pairs are, and how often wrong. */
export interface SegmentPairOptions {
  /** Tokens of both segments together, special ones not counted. */
  readonly length: number;
  readonly seed: number;
  /** How often a pair is wrong. Default: 0.5. */
  readonly wrongShare?: number | undefined;
  /** How often a pair is made shorter than `length`, so that short inputs are learned too. Default: 0.1. */
  readonly shortShare?: number | undefined;
}

/**
 * Next sentence pairs of a document: runs of its sentences, parted in two; half of the time the second part is from
 * another document, and what it stood for is used again. Source: `create_pretraining_data.py` of BERT, 2018.
 *
 * @param number the document's, from 0: it chooses the random numbers
 * @param others documents that second parts are taken from, which the document itself is not among
 */
export function nextSentencePairs(
  document: SentenceDocument,
  number: number,
  others: Items<SentenceDocument>,
  options: SegmentPairOptions,
): SegmentPair[] {
  return makePairs(document, number, options, (left, draw, isWrong, room) => {
    const isRandom = (isWrong || left.rest.length === 0) && others.length > 0;
    if (!isRandom) return left.rest.length === 0 ? undefined : { second: left.rest, label: 0, used: left.rest.length };
    const other = others.at(Math.floor(draw() * others.length))!;
    return { second: sentencesFrom(other, Math.floor(draw() * other.length), room), label: 1, used: 0 };
  });
}

/**
 * Sentence order pairs of a document: two runs of sentences that follow each other, swapped half of the time. Source: Lan
 * et al., "ALBERT", 2020.
 *
 * @param number the document's, from 0
 */
export function sentenceOrderPairs(
  document: SentenceDocument,
  number: number,
  options: SegmentPairOptions,
): SegmentPair[] {
  return makePairs(document, number, options, ({ first, rest }, _draw, isWrong) => {
    if (rest.length === 0) return undefined;
    const second = isWrong ? first : rest;
    return { first: isWrong ? rest : first, second, label: isWrong ? 1 : 0, used: rest.length };
  });
}

/** A run of sentences, parted. */
interface Parts {
  readonly first: readonly Int32Array[];
  readonly rest: readonly Int32Array[];
}

interface Completed {
  readonly first?: readonly Int32Array[];
  readonly second: readonly Int32Array[];
  readonly label: 0 | 1;
  /** How many sentences of the rest are used up. */
  readonly used: number;
}

function makePairs(
  document: SentenceDocument,
  number: number,
  options: SegmentPairOptions,
  complete: (parts: Parts, draw: () => number, isWrong: boolean, room: number) => Completed | undefined,
): SegmentPair[] {
  const { length, seed, wrongShare = 0.5, shortShare = 0.1 } = options;
  let counter = 0;
  const stream = randomBits(seedOf(seed, "pairs"), number);
  const draw = () => uniform(stream, counter++);
  const pairs: SegmentPair[] = [];
  for (let start = 0; start < document.length; ) {
    const target = draw() < shortShare ? 2 + Math.floor(draw() * Math.max(1, length - 2)) : length;
    const run = sentencesFrom(document, start, target);
    const cut = run.length < 2 ? run.length : 1 + Math.floor(draw() * (run.length - 1));
    const parts = { first: run.slice(0, cut), rest: run.slice(cut) };
    const room = Math.max(1, target - countTokens(parts.first));
    const made = complete(parts, draw, draw() < wrongShare, room);
    if (made !== undefined) pairs.push(cutPair(made.first ?? parts.first, made, length, draw));
    start += cut + (made?.used ?? 0);
  }
  return pairs;
}

/** Whole sentences from a place on, until they have as many tokens. */
function sentencesFrom(document: SentenceDocument, start: number, tokens: number): Int32Array[] {
  const run: Int32Array[] = [];
  for (let i = start, sum = 0; i < document.length && sum < tokens; i++) {
    run.push(document[i]!);
    sum += document[i]!.length;
  }
  return run;
}

/** Cuts the longer of the two, at its beginning or its end, until both fit. */
function cutPair(
  firstPart: readonly Int32Array[],
  { second: secondPart, label }: Completed,
  length: number,
  draw: () => number,
): SegmentPair {
  let [first, second] = [joinTokens(firstPart), joinTokens(secondPart)];
  while (first.length + second.length > length) {
    const atBeginning = draw() < 0.5;
    const shorten = (ids: Int32Array) => (atBeginning ? ids.subarray(1) : ids.subarray(0, -1));
    if (first.length > second.length) first = shorten(first);
    else second = shorten(second);
  }
  return { first, second, label };
}

function joinTokens(parts: readonly Int32Array[]): Int32Array {
  return Int32Array.from(parts.flatMap((part) => [...part]));
}

function countTokens(parts: readonly Int32Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
