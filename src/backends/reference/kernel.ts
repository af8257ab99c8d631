import type { AttributesOf, InputSlot, OP_TABLE, OpName, OutputSlot } from "../op-table.ts";
import type { Matrix } from "./matrix.ts";

type Slots<N extends OpName> = (typeof OP_TABLE)[N]["inputs"][number];
type OptionalSlot<N extends OpName> = Slots<N> extends infer S ? (S extends `${infer Name}?` ? Name : never) : never;

/** The operands of a step: required inputs are there, optional ones may not be. Integers come as Int32Array. */
export type KernelInputs<N extends OpName> = {
  readonly [S in Exclude<InputSlot<N>, OptionalSlot<N>>]: Matrix<ArrayLike<number>>;
} & { readonly [S in OptionalSlot<N>]?: Matrix<ArrayLike<number>> };

/** One operation in a few plain lines of f64: what every other backend is held against. */
export type ReferenceKernel<N extends OpName> = (
  inputs: KernelInputs<N>,
  outputs: { readonly [S in OutputSlot<N>]: Matrix },
  attributes: AttributesOf<N>,
) => void;
