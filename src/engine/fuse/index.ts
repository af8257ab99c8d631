import type { Draft } from "../draft.ts";
import { fuseEmbeddingSum } from "./embedding-sum.ts";
import { fuseLinearActivation } from "./linear-activation.ts";
import { fuseLinearResidual } from "./linear-residual.ts";
import { fuseStackedLinears } from "./stacked-linears.ts";

/** The passes in their order: activations before residuals, since a linear that took a residual takes no function. */
const PASSES: readonly ((draft: Draft) => void)[] = [
  fuseLinearActivation,
  fuseLinearResidual,
  fuseEmbeddingSum,
  fuseStackedLinears,
];

/** Joins steps that one kernel can do. Results stay within rounding of the plain program's. */
export function fuse(draft: Draft): void {
  for (const pass of PASSES) pass(draft);
}
