import type { PackedBatch } from "../../models/packed-batch.ts";
import { knowledgeStage } from "../objectives/knowledge-stages.ts";
import { maskSpans } from "../objectives/mask-spans.ts";
import { maskTokens } from "../objectives/mask-tokens.ts";
import { maskUnits } from "../objectives/mask-units.ts";
import type { MaskedRow, MaskingOptions, MaskingVocabulary } from "../objectives/masked-row.ts";
import type { PretrainingRow } from "./corpus.ts";
import type { KnownSpans } from "./known-spans.ts";
import type { TaskBatch } from "./row-streams.ts";

/** What masking needs to know. */
export interface BatchMaking {
  readonly vocabulary: MaskingVocabulary;
  readonly seed: number;
  /** Share of tokens to guess. */
  readonly maskRate: number;
  /** Steps of the run, of which ERNIE's stages have a share each. */
  readonly steps: number;
  /** Of knowledge masking. */
  readonly spans: KnownSpans | undefined;
  /** The order of the run's tasks: the number of each is ERNIE's task id. */
  readonly taskNames: readonly string[];
}

/** A batch with what is to be guessed in it. */
export interface MaskedBatch {
  readonly batch: PackedBatch;
  /** The tokens before masking. */
  readonly original: Int32Array; // [T]
  /** Places of masked tokens in the batch, and what stood there. */
  readonly positions: Int32Array; // [S]
  readonly targets: Int32Array; // [S]
  /** Of each text of the batch; -1 where it is no pair. */
  readonly pairLabels: Int32Array; // [B]
}

/** @param step whose masking it is; undefined: as the dev set is masked, the same in every stage */
export function maskBatch(
  { task, firstRow, rows }: TaskBatch,
  step: number | undefined,
  making: BatchMaking,
): MaskedBatch {
  const options = {
    vocabulary: making.vocabulary,
    seed: making.seed,
    rate: making.maskRate,
  };
  const stage = step === undefined ? "basic" : knowledgeStage(step, { steps: making.steps });
  const mask = (row: PretrainingRow, i: number): MaskedRow => {
    const units = task.masking === "knowledge" ? making.spans?.unitsOf(row, stage) : row.words;
    return maskRow(
      task.masking === "knowledge" && stage === "basic" ? "mlm" : task.masking,
      row,
      units,
      firstRow + i,
      options,
    );
  };
  const masked = rows.map(mask);
  const starts = startsOf(rows);
  const length = starts.at(-1)!;
  const join = (parts: readonly (Int32Array | undefined)[]): Int32Array => {
    const joined = new Int32Array(length);
    for (const [i, part] of parts.entries()) if (part !== undefined) joined.set(part, starts[i]!);
    return joined;
  };
  const places = masked.flatMap(({ positions }, i) => Array.from(positions, (place) => place + starts[i]!));
  return {
    batch: {
      ids: join(masked.map(({ ids }) => ids)),
      offsets: joinOffsets(rows, starts),
      typeIds: join(rows.map(({ typeIds }) => typeIds)),
      taskIds: new Int32Array(length).fill(Math.max(0, making.taskNames.indexOf(task.name))),
    },
    original: join(rows.map(({ ids }) => ids)),
    positions: Int32Array.from(places),
    targets: Int32Array.from(masked.flatMap(({ targets }) => [...targets])),
    pairLabels: Int32Array.from(rows.flatMap(pairLabelsOf)),
  };
}

function maskRow(
  masking: TaskBatch["task"]["masking"],
  { ids, words }: PretrainingRow,
  units: Int32Array | undefined,
  number: number,
  options: MaskingOptions,
): MaskedRow {
  if (masking === undefined) return { ids, positions: new Int32Array(0), targets: new Int32Array(0) };
  if (masking === "mlm" || units === undefined || words === undefined) return maskTokens(ids, number, options);
  if (masking === "span") return maskSpans(ids, words, number, options);
  return maskUnits(ids, units, number, options);
}

/** Where each row starts in the batch, and the end. */
function startsOf(rows: readonly PretrainingRow[]): number[] {
  const starts = [0];
  for (const { ids } of rows) starts.push(starts.at(-1)! + ids.length);
  return starts;
}

function joinOffsets(rows: readonly PretrainingRow[], starts: readonly number[]): Int32Array {
  const begins = rows.flatMap(({ offsets }, i) => Array.from(offsets.subarray(0, -1), (offset) => offset + starts[i]!));
  return Int32Array.from([...begins, starts.at(-1)!]);
}

function pairLabelsOf({ offsets, pairLabel }: PretrainingRow): number[] {
  return Array.from({ length: offsets.length - 1 }, () => pairLabel ?? -1);
}
