/** The order in which a run reads its rows. */
import { seedOf, uniform } from "../../backends/random.ts";
import { InputError } from "../../errors.ts";
import { batchesOfSize, batchesOfTokens } from "../batches/batches.ts";
import { mixSequences } from "../batches/mix.ts";
import { type Items, mapSequence, type Position, repeatSequence, type Sequence } from "../batches/sequence.ts";
import { shuffledRows, shuffledStream } from "../batches/shuffle.ts";
import { objectiveAt } from "../objectives/knowledge-stages.ts";
import { nextSentencePairs, type SentenceDocument, sentenceOrderPairs } from "../objectives/sentence-pairs.ts";
import type { PairLayout, PretrainingRow } from "./corpus.ts";
import type { Pairing, PretrainingTask } from "./pretraining-tasks.ts";

/** How many rows, or tokens, a batch has. */
export interface BatchSize {
  readonly batchSize: number;
  /** Stands in for `batchSize`: as many rows as have so many tokens together. */
  readonly batchTokens?: number | undefined;
}

/** Rows that are trained on together, not masked yet. */
export interface TaskBatch {
  readonly task: PretrainingTask;
  /** The number of its first row in the run: numbers choose what is masked. */
  readonly firstRow: number;
  readonly rows: readonly PretrainingRow[];
}

/** Pairs are shuffled within so many. */
const PAIR_BUFFER = 2000;
/** Documents that wrong second segments of one document are drawn from. */
const OTHERS = 100;

/**
 * Rows for ever, each epoch in an order of its own.
 *
 * @param corpora rows of each corpus
 * @param weights how often each corpus is drawn from; none where there is only one
 */
export function endlessRows(
  corpora: readonly Items<PretrainingRow>[],
  weights: readonly number[] | undefined,
  seed: number,
): Sequence<PretrainingRow> {
  const epochs = (rows: Items<PretrainingRow>, name: string) =>
    repeatSequence((epoch) => shuffledRows(rows, { seed: seedOf(seed, `${name} ${epoch}`) }));
  if (weights === undefined) return epochs(corpora[0]!, "epoch");
  if (weights.length !== corpora.length) {
    throw new InputError(
      `corpusWeights has ${weights.length} numbers for ${corpora.length} corpora; expected one each.`,
    );
  }
  const parts = corpora.map((rows, i) => ({ sequence: epochs(rows, `epoch of ${i}`), weight: weights[i]! }));
  return mixSequences(parts, { seed: seedOf(seed, "corpora") });
}

/** Pairs of segments for ever, drawn anew each epoch. */
export function endlessPairs(
  documents: Items<SentenceDocument>,
  pairing: Pairing,
  options: { readonly layout: PairLayout; readonly length: number; readonly seed: number },
): Sequence<PretrainingRow> {
  const numbers: Items<number> = { length: documents.length, at: (place) => place };
  return repeatSequence((epoch) => {
    const seed = seedOf(options.seed, `${pairing} ${epoch}`);
    const order = shuffledRows(numbers, { seed });
    const pairs = flatSequence(order, (number) => pairsOf(number, documents, pairing, { ...options, seed }));
    return shuffledStream(pairs, { seed: seedOf(seed, "shuffle"), buffer: PAIR_BUFFER });
  });
}

function pairsOf(
  number: number,
  documents: Items<SentenceDocument>,
  pairing: Pairing,
  { layout, length, seed }: { readonly layout: PairLayout; readonly length: number; readonly seed: number },
): PretrainingRow[] {
  const options = { length: length - layout.added, seed };
  const document = documents.at(number)!;
  const start = Math.floor(uniform(seedOf(seed, "others"), number) * Math.max(1, documents.length - OTHERS));
  const pairs =
    pairing === "sentence-order"
      ? sentenceOrderPairs(document, number, options)
      : nextSentencePairs(document, number, othersFrom(documents, start, number), options);
  const whole = pairs.filter(({ first, second }) => first.length > 0 && second.length > 0);
  return whole.map(({ first, second, label }) => layout.lay(first, second, label));
}

/** Some documents from a place on, without one of them. */
function othersFrom(documents: Items<SentenceDocument>, start: number, without: number): Items<SentenceDocument> {
  const end = Math.min(documents.length, start + OTHERS);
  const isAmong = without >= start && without < end;
  return {
    length: end - start - Number(isAmong),
    at: (place) => documents.at(start + place + Number(isAmong && start + place >= without)),
  };
}

/** The items that each item of a sequence gives. */
function flatSequence<T, R>(sequence: Sequence<T>, expand: (item: T) => readonly R[]): Sequence<R> {
  return {
    open(position) {
      const begin = position as { readonly at: Position; readonly taken: number } | undefined;
      const cursor = sequence.open(begin?.at);
      let [at, taken]: [Position, number] = [cursor.position, begin?.taken ?? 0];
      let items: readonly R[] | undefined;
      return {
        async next() {
          for (;;) {
            if (items === undefined) {
              at = cursor.position;
              const item = await cursor.next();
              if (item === undefined) return undefined;
              items = expand(item);
            }
            if (taken < items.length) return items[taken++];
            [items, taken, at] = [undefined, 0, cursor.position];
          }
        },
        get position() {
          return { at, taken };
        },
      };
    },
  };
}

/** Batches of rows by number or by tokens. */
export function batchesOf(rows: Sequence<PretrainingRow>, size: BatchSize): Sequence<PretrainingRow[]> {
  if (size.batchTokens === undefined) return batchesOfSize(rows, size.batchSize);
  return batchesOfTokens(rows, size.batchTokens, { lengthOf: ({ ids }) => ids.length });
}

/**
 * The batches of a run: at each step the task whose turn it is takes `accumulation` of its batches.
 *
 * @param streams by pairing; "rows" where a task has none
 */
export function taskBatches(
  tasks: readonly PretrainingTask[],
  streams: ReadonlyMap<string, Sequence<PretrainingRow[]>>,
  { seed, accumulation }: { readonly seed: number; readonly accumulation: number },
): Sequence<TaskBatch> {
  const turns = tasks.map((task) => ({ name: task, weight: task.weight }));
  const turnSeed = seedOf(seed, "turns");
  return {
    open(position) {
      const begin = position as
        | { readonly number: number; readonly firstRow: number; readonly at: { readonly [name: string]: Position } }
        | undefined;
      const cursors = new Map([...streams].map(([name, stream]) => [name, stream.open(begin?.at[name] ?? undefined)]));
      let [number, firstRow] = [begin?.number ?? 0, begin?.firstRow ?? 0];
      return {
        async next() {
          const task = objectiveAt(Math.floor(number / accumulation), turns, { seed: turnSeed });
          const rows = await cursors.get(streamOf(task))!.next();
          if (rows === undefined) return undefined;
          const batch = { task, firstRow, rows };
          number++;
          firstRow += rows.length;
          return batch;
        },
        get position(): Position {
          return {
            number,
            firstRow,
            at: Object.fromEntries([...cursors].map(([name, cursor]) => [name, cursor.position])),
          };
        },
      };
    },
  };
}

/** Which stream a task reads. */
export function streamOf({ pairing }: PretrainingTask): string {
  return pairing ?? "rows";
}

/** The same batches, once. */
export function fixedBatches(
  task: PretrainingTask,
  rows: readonly PretrainingRow[],
  size: BatchSize,
): Sequence<TaskBatch> {
  const once: Sequence<PretrainingRow> = shuffledRows(rows, { seed: 0 });
  let next = 0;
  return mapSequence(batchesOf(once, size), (batch) => {
    next += batch.length;
    return { task, firstRow: next - batch.length, rows: batch };
  });
}
