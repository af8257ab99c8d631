import type { Draft, DraftStep } from "../draft.ts";

/** linear(x) + residual becomes one step, when the residual is ready before the linear runs. */
export function fuseLinearResidual(draft: Draft): void {
  const producers = draft.producers();
  const uses = draft.uses();
  const order = new Map(draft.steps.map((step, i) => [step.output, i]));
  draft.steps = draft.steps.filter((step) => {
    if (step.op !== "add") return true;
    for (const [own, other] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const linear = producers.get(step.inputs[own] as number);
      const residual = step.inputs[other] as number;
      if (linear === undefined || !canTake(draft, linear, residual) || uses.get(linear.output) !== 1) continue;
      if ((order.get(residual) ?? -1) > (order.get(linear.output) ?? -1)) continue;
      linear.inputs.residual = residual;
      order.set(step.output, order.get(linear.output) as number);
      linear.output = step.output;
      producers.set(step.output, linear);
      return false;
    }
    return true;
  });
}

function canTake(draft: Draft, linear: DraftStep, residual: number): boolean {
  if (linear.op !== "linear" || linear.inputs.residual !== undefined) return false;
  return draft.value(linear.output).shape.join() === draft.value(residual).shape.join();
}
