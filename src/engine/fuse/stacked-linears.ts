import type { Draft, DraftStep } from "../draft.ts";

/**
 * Linears of the same x become one matmul over their weights stacked by rows (QKV), and each result a view of its
 * columns. Only where every weight is a parameter that nothing else reads: a shared one would be stored twice.
 */
export function fuseStackedLinears(draft: Draft): void {
  const uses = draft.uses();
  const groups = new Map<string, DraftStep[]>();
  for (const step of draft.steps) {
    if (!canStack(draft, step, uses)) continue;
    const key = `${step.inputs.x}|${step.inputs.bias !== undefined}|${step.attributes.activation}`;
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  const replaced = new Map<DraftStep, DraftStep[]>();
  for (const steps of groups.values()) {
    if (steps.length > 1) replaced.set(steps[0] as DraftStep, stack(draft, steps));
    for (const step of steps.slice(1)) if (steps.length > 1) replaced.set(step, []);
  }
  draft.steps = draft.steps.flatMap((step) => replaced.get(step) ?? [step]);
}

function canStack(draft: Draft, step: DraftStep, uses: Map<number, number>): boolean {
  if (step.op !== "linear" || step.inputs.residual !== undefined) return false;
  return [step.inputs.weight, step.inputs.bias].every((id) => {
    if (id === undefined) return true;
    return draft.value(id).source?.kind === "parameter" && draft.value(id).parts === undefined && uses.get(id) === 1;
  });
}

function stack(draft: Draft, steps: readonly DraftStep[]): DraftStep[] {
  const first = steps[0] as DraftStep;
  const weight = join(
    draft,
    steps.map((step) => step.inputs.weight as number),
  );
  const widths = steps.map((step) => draft.value(step.output).shape[1] as number);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const rows = draft.value(first.output).shape[0] as number;
  const output = draft.addValue({ shape: [rows, total], type: "f32" });
  const inputs: { [slot: string]: number } = { x: first.inputs.x as number, weight };
  if (first.inputs.bias !== undefined)
    inputs.bias = join(
      draft,
      steps.map((step) => step.inputs.bias as number),
    );
  const joined: DraftStep = { op: "linear", inputs, attributes: { ...first.attributes }, output };
  let start = 0;
  const slices = steps.map((step, i): DraftStep => {
    const count = widths[i] as number;
    const slice: DraftStep = { op: "slice", inputs: { x: output }, attributes: { start, count }, output: step.output };
    start += count;
    return slice;
  });
  return [joined, ...slices];
}

/** One parameter whose rows are those of the given ones, in order. */
function join(draft: Draft, ids: readonly number[]): number {
  const sources = ids.map((id) => draft.value(id).source).filter((source) => source?.kind === "parameter");
  const [first] = sources;
  if (first === undefined) return -1; // canStack admits parameters only
  const parts = sources.map((source) => source.name);
  const [, ...columns] = draft.value(ids[0] as number).shape;
  const rows = ids.reduce((sum, id) => sum + (draft.value(id).shape[0] as number), 0);
  return draft.addValue({
    shape: [rows, ...columns],
    type: "f32",
    source: { ...first, name: parts.join(" + ") },
    parts,
  });
}
