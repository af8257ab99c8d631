import type { RunInputs, Sizes } from "../backends/backend.ts";
import { InputError } from "../errors.ts";
import type { ConfiguredArchitecture } from "./architecture.ts";
import { type PackedBatch, pairOffsetsOf, positionsOf, sizesOf } from "./packed-batch.ts";

/**
 * The inputs of a program by name, from a batch: given, derived from it, or the architecture's own.
 *
 * @throws InputError naming an input that the batch lacks.
 */
export function runInputs(
  batch: PackedBatch,
  wanted: Iterable<string>,
  architecture: ConfiguredArchitecture,
): { given: RunInputs; sizes: Sizes } {
  const offered: { readonly [name: string]: () => Int32Array | Float32Array | undefined } = {
    ids: () => batch.ids,
    offsets: () => batch.offsets,
    typeIds: () => batch.typeIds ?? new Int32Array(batch.ids.length),
    taskIds: () => batch.taskIds ?? new Int32Array(batch.ids.length),
    positions: () => positionsOf(batch, architecture.positionsAfter),
    pairOffsets: () => pairOffsetsOf(batch.offsets),
    rows: () => batch.rows,
  };
  const extra = { ...architecture.extraInputs(batch), ...batch.extra };
  const given: { [name: string]: Int32Array | Float32Array } = {};
  for (const name of wanted) {
    const numbers = offered[name]?.() ?? extra[name];
    if (numbers === undefined) throw new InputError(`The batch lacks "${name}", which the wanted outputs need.`);
    given[name] = numbers;
  }
  return { given, sizes: sizesOf(batch, given.pairOffsets?.at(-1) ?? 0) };
}
