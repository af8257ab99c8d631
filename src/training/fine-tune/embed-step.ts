import { teacherInputs } from "../losses/distillation-losses.ts";
import { LEFT_OUT } from "../losses/embedding-losses.ts";
import type { EmbeddingLoss } from "./fine-tune-options.ts";
import type { Example, Targets } from "./tuning-task.ts";

/** A text with what belongs to it and what does not, and how alike the first two are. */
export interface EmbedExample extends Example {
  readonly gold: number;
  /** A teacher's scores of all texts but the first. */
  readonly scores: readonly number[];
  /** The texts themselves: the same text twice in a step is no negative. */
  readonly keys: readonly string[];
}

/** What the inputs of a step depend on besides its examples. */
export interface StepShape {
  readonly loss: EmbeddingLoss;
  /** Terms of the loss. */
  readonly names: readonly string[];
  /** Rows of a full step. */
  readonly count: number;
  /** Texts of a row besides its first, of the row that has most. */
  readonly perRow: number;
  /** Every text that belongs to a first text, in all rows. */
  readonly belonging: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Which text of the batch is what; a step of fewer rows is filled up with rows that weigh nothing. */
export function stepInputs(examples: readonly EmbedExample[], shape: StepShape): Targets {
  const { loss, names, count, perRow } = shape;
  let next = 0;
  const starts = examples.map(({ keys }) => {
    next += keys.length;
    return next - keys.length;
  });
  const index = (offset: number) =>
    Int32Array.from({ length: count }, (_, i) => (offset < (examples[i]?.keys.length ?? 0) ? starts[i]! + offset : 0));
  const candidates = new Int32Array(count * perRow);
  for (let k = 0; k < perRow; k++) candidates.set(index(1 + k), k * count);
  const keyOf = (candidate: number) => examples[candidate % count]?.keys[1 + Math.floor(candidate / count)];
  const isOneTerm = loss === "cosent" || loss === "angle";
  const weight = 1 / (isOneTerm ? 1 : examples.length);
  const weights = Float32Array.from({ length: isOneTerm ? 1 : count }, (_, i) => (i < examples.length ? weight : 0));
  const isNegative = (row: number, other: number, text: string | undefined) =>
    isNegativeOf(examples[row], examples[other], text, shape);
  return {
    anchors: index(0),
    positives: index(1),
    negatives: index(2),
    candidates,
    rightCandidates: Int32Array.from({ length: count }, (_, i) => i),
    gold: Float32Array.from({ length: count }, (_, i) => examples[i]?.gold ?? 0),
    candidateBias: biasOf(
      count,
      count * perRow,
      (i, j) => isNegative(i, j % count, keyOf(j)) || (i === j && i < examples.length),
    ),
    anchorBias: biasOf(count, count, (i, j) => i === j || isNegative(i, j, examples[j]?.keys[1])),
    orderBias: biasOf(
      count,
      count,
      (i, j) => (examples[i]?.gold ?? 0) < (examples[j]?.gold ?? 0) && i < examples.length && j < examples.length,
    ),
    lastClasses: new Int32Array(count).fill(count),
    lastClass: Int32Array.of(count),
    ...Object.fromEntries(Array.from({ length: perRow }, (_, k) => [`text${k}`, index(1 + k)])),
    ...teacherInputs(
      Array.from({ length: count }, (_, i) => examples[i]?.scores ?? []),
      perRow,
    ),
    ...Object.fromEntries(names.map((name) => [`${name}Weights`, weights])),
  };
}

/** Whether a text is another row's, or this row's negative, and not what this row's first text wants or is. */
function isNegativeOf(
  row: EmbedExample | undefined,
  other: EmbedExample | undefined,
  text: string | undefined,
  { belonging }: StepShape,
): boolean {
  if (row === undefined || other === undefined || text === undefined) return false;
  const [anchor = ""] = row.keys;
  if (text === anchor || belonging.get(anchor)?.has(text)) return false;
  return other.keys[0] !== anchor || row.keys.indexOf(text) >= 2;
}

function biasOf(rows: number, columns: number, counts: (row: number, column: number) => boolean): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, at) =>
    counts(Math.floor(at / columns), at % columns) ? 0 : LEFT_OUT,
  );
}
