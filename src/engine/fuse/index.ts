import type { Draft } from "../draft.ts";
import { fuseEmbeddingSum } from "./embedding-sum.ts";
import { fuseLinearActivation } from "./linear-activation.ts";
import { fuseLinearResidual } from "./linear-residual.ts";
import { fuseStackedLinears } from "./stacked-linears.ts";

/** The passes in their order: activations before residuals, since a linear that took a residual takes no function. */
const PASSES: readonly ((draft: Draft) => void)[] = [fuseLinearActivation, fuseLinearResidual, fuseEmbeddingSum];

/**
 * Joins steps that one kernel can do. Results stay within rounding of the plain program's. `stack`: also linears of one
 * input, whose weights are then stored as one.
 */
export function fuse(draft: Draft, { stack }: { readonly stack: boolean }): void {
  for (const pass of PASSES) pass(draft);
  if (stack) fuseStackedLinears(draft);
}
