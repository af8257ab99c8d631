import type { Draft, DraftStep } from "../draft.ts";

const MOST_TABLES = 4;

/** layerNorm(embedding + embedding + ...) becomes one pass over the tokens; so does the sum alone. */
export function fuseEmbeddingSum(draft: Draft): void {
  const producers = draft.producers();
  const uses = draft.uses();
  const gone = new Set<DraftStep>();
  for (const step of draft.steps.toReversed()) {
    if (gone.has(step) || (step.op !== "layerNorm" && step.op !== "add")) continue;
    const found: DraftStep[] = [];
    const sum = step.op === "layerNorm" ? (step.inputs.x as number) : step.output;
    if (step.op === "layerNorm" && uses.get(sum) !== 1) continue;
    if (!collect(draft, sum, producers, uses, found, sum)) continue;
    const tables = found.filter((s) => s.op === "embedding");
    if (tables.length < 2 || tables.length > MOST_TABLES) continue;
    for (const part of found) if (part !== step) gone.add(part);
    rewrite(step, tables);
  }
  draft.steps = draft.steps.filter((step) => !gone.has(step));
}

/** Gathers the embeddings that `id` sums, left to right; false when it is anything else or someone else reads a part. */
function collect(
  draft: Draft,
  id: number,
  producers: Map<number, DraftStep>,
  uses: Map<number, number>,
  found: DraftStep[],
  root: number,
): boolean {
  const step = producers.get(id);
  if (step === undefined || (id !== root && uses.get(id) !== 1)) return false;
  found.push(step);
  if (step.op === "embedding") return true;
  if (step.op !== "add") return false;
  const { a, b } = step.inputs as { a: number; b: number };
  if (draft.value(a).shape.join() !== draft.value(b).shape.join()) return false; // b is repeated along a
  return collect(draft, a, producers, uses, found, root) && collect(draft, b, producers, uses, found, root);
}

function rewrite(step: DraftStep, tables: readonly DraftStep[]): void {
  const inputs: { [slot: string]: number } = {};
  tables.forEach((table, i) => {
    inputs[`table${i}`] = table.inputs.table as number;
    inputs[`ids${i}`] = table.inputs.ids as number;
  });
  if (step.op === "layerNorm") {
    if (step.inputs.weight !== undefined) inputs.weight = step.inputs.weight;
    if (step.inputs.bias !== undefined) inputs.bias = step.inputs.bias;
  }
  step.attributes = { epsilon: step.op === "layerNorm" ? (step.attributes.epsilon as number) : 0 };
  step.op = "embeddingSum";
  step.inputs = inputs;
}
