import type { Safetensors } from "../checkpoints/safetensors.ts";
import { elementCount, tensorValues } from "../checkpoints/stored-types.ts";
import { CheckpointError } from "../errors.ts";
import { type PackedBatch, pairOffsetsOf } from "./packed-batch.ts";

/**
 * A batch that the reference ran and recorded: R rows padded to L tokens (`[R, L]`, or `[groups, choices, L]`), here
 * without the pads.
 */
export interface RecordedBatch {
  readonly batch: PackedBatch;
  readonly rows: number; // R
  readonly length: number; // L
  /** Where each packed token stood among the padded ones -> [T] */
  readonly places: Int32Array;
}

/**
 * Reads `input.input_ids` and what belongs to it; tokens whose `input.attention_mask` is 0 are pads, and without a mask
 * there are none. `fileName` names the file in errors.
 *
 * @throws CheckpointError when the ids are missing or the inputs differ in shape.
 */
export function readRecordedBatch(recorded: Safetensors, fileName: string): RecordedBatch {
  const ids = readIntegers(recorded, "input.input_ids");
  if (ids === undefined) {
    throw new CheckpointError(
      `"${fileName}" records no inputs: expected a tensor "input.input_ids" of shape [rows, tokens].`,
    );
  }
  const length = ids.shape.at(-1) ?? 0;
  const total = elementCount(ids.shape);
  const read = (name: string): Int32Array | undefined => {
    const tensor = readIntegers(recorded, name);
    if (tensor !== undefined && tensor.shape.join() !== ids.shape.join()) {
      throw new CheckpointError(`"${fileName}": "${name}" is [${tensor.shape}]; the ids are [${ids.shape}].`);
    }
    return tensor?.values;
  };
  const mask = read("input.attention_mask") ?? new Int32Array(total).fill(1);
  const places = Int32Array.from(mask.keys()).filter((place) => mask[place] !== 0);
  const rows = length === 0 ? 0 : total / length;
  const offsets = new Int32Array(rows + 1);
  for (const place of places) offsets[Math.floor(place / length) + 1]!++;
  for (let row = 0; row < rows; row++) offsets[row + 1]! += offsets[row]!;
  const pack = (values: Int32Array | undefined) => values && Int32Array.from(places, (place) => values[place]!);
  const batch = {
    ids: pack(ids.values) as Int32Array,
    offsets,
    typeIds: pack(read("input.token_type_ids")),
    taskIds: pack(read("input.task_type_ids")),
    rows: Int32Array.from(places.keys()),
  };
  return { batch, rows, length, places };
}

function readIntegers(
  recorded: Safetensors,
  name: string,
): { values: Int32Array; shape: readonly number[] } | undefined {
  if (!recorded.has(name)) return undefined;
  const tensor = recorded.tensor(name);
  return { values: Int32Array.from(tensorValues(tensor)), shape: tensor.shape };
}

/** What the rows of an output stand for: a size of the run. Selected rows are all tokens here. */
export type OutputRows = "tokens" | "rows" | "texts" | "pairs";

/**
 * Where each number of an output stands in the reference's padded form: `[R, L, columns]` for tokens, `[R, columns]` for
 * texts, `[R, columns, L, L]` for pairs of tokens (attentions, whose columns are heads).
 */
export function paddedPlaces(recorded: RecordedBatch, rows: OutputRows, columns: number): Int32Array {
  const { places } = recorded;
  if (rows === "pairs") return pairPlaces(recorded, columns);
  if (rows === "texts") return Int32Array.from({ length: recorded.rows * columns }, (_, i) => i);
  const padded = new Int32Array(places.length * columns);
  places.forEach((place, token) => {
    for (let column = 0; column < columns; column++) padded[token * columns + column] = place * columns + column;
  });
  return padded;
}

/** How many numbers the padded form has. */
export function paddedSize({ rows, length }: RecordedBatch, of: OutputRows, columns: number): number {
  const perRow = { tokens: length, rows: length, texts: 1, pairs: length * length };
  return rows * perRow[of] * columns;
}

function pairPlaces({ batch, rows, length, places }: RecordedBatch, heads: number): Int32Array {
  const pairOffsets = pairOffsetsOf(batch.offsets);
  const padded = new Int32Array(pairOffsets[rows]! * heads);
  for (let row = 0; row < rows; row++) {
    const positions = places.slice(batch.offsets[row]!, batch.offsets[row + 1]!).map((place) => place % length);
    let at = pairOffsets[row]! * heads;
    for (const query of positions) {
      for (const key of positions) {
        for (let head = 0; head < heads; head++) {
          padded[at++] = ((row * heads + head) * length + query) * length + key;
        }
      }
    }
  }
  return padded;
}
