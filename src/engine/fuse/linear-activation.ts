import type { Draft } from "../draft.ts";

/** activation(linear(x)) becomes one step: the matmul applies the function while its result is still in registers. */
export function fuseLinearActivation(draft: Draft): void {
  const producers = draft.producers();
  const uses = draft.uses();
  draft.steps = draft.steps.filter((step) => {
    if (step.op !== "activation") return true;
    const linear = producers.get(step.inputs.x as number);
    const free =
      linear?.op === "linear" && linear.attributes.activation === "none" && linear.inputs.residual === undefined;
    if (!free || uses.get(linear.output) !== 1) return true;
    linear.attributes.activation = step.attributes.activation as string;
    linear.output = step.output;
    producers.set(step.output, linear);
    return false;
  });
}
