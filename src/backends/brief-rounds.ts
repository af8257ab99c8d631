import type { Dtype } from "./backend.ts";

/**
 * Rounds of `measurePeak` that take a third of a millisecond: over before the processor, which lowers its clock while
 * products run, raises it again. Fewer of the kinds whose rounds hold more.
 */
export const BRIEF_ROUNDS: Readonly<Record<Dtype, number>> = { f32: 10_000, bf16: 1500, int8: 1500 };
