import { describe, expect, it } from "vitest";
import { Graph } from "../engine/graph.ts";
import { buildProgram } from "../engine/program.ts";
import type { DropoutRates } from "../nn/batch-inputs.ts";
import type { HeadName } from "./architecture.ts";
import { buildModelGraph } from "./model-graph.ts";
import { ARCHITECTURES } from "./registry.ts";

const LAYERS = 3;

/** What is dropped on the way to a head's results: rate and stream of each place. */
function places(name: string, head: HeadName, dropout: DropoutRates): { rate: number; stream: number }[] {
  const architecture = ARCHITECTURES.find((each) => each.name === name)!;
  const depth = {
    num_hidden_layers: LAYERS,
    n_layers: LAYERS,
    n_layer: LAYERS,
    ...(name === "esm" && { vocab_size: 33 }),
  };
  const configured = architecture.configure({ model_type: name, ...depth }, new Set());
  const graph = new Graph();
  const model = buildModelGraph(graph, { architecture: configured, head, dropout });
  const { steps } = buildProgram(graph, { ...model.head, hidden: model.encoded.hidden }, { fuse: false });
  return steps.flatMap((step) => (step.op === "dropout" ? [step.attributes as { rate: number; stream: number }] : []));
}

const NAMES = ARCHITECTURES.filter(({ matches, name }) => matches({ model_type: name }, new Set())).map(
  ({ name }) => name,
);

describe.each(NAMES)("dropout of %s", (name) => {
  it("is after the embeddings and in both halves of each block, every place with a stream of its own", () => {
    const dropped = places(name, "base", { hidden: 0.25, attention: 0 });
    expect(dropped.length).toBeGreaterThanOrEqual(name === "fnet" ? LAYERS + 1 : 2 * LAYERS + 1);
    expect(dropped.every(({ rate }) => rate === 0.25)).toBe(true);
    expect(new Set(dropped.map(({ stream }) => stream)).size).toBe(dropped.length);
  });

  it("is of each block's attention", () => {
    expect(places(name, "base", { hidden: 0, attention: 0.25 }).length).toBe(name === "fnet" ? 0 : LAYERS);
  });

  it("is nowhere where nothing is dropped", () => {
    expect(places(name, "base", { hidden: 0, attention: 0 })).toEqual([]);
  });
});

it.each(["bert", "roberta", "albert", "ernie", "electra", "distilbert", "modernbert", "deberta-v2"])(
  "what %s classifies by is dropped, too",
  (name) => {
    const rates = { hidden: 0.1, attention: 0 };
    const encoder = places(name, "base", rates).length;
    for (const head of ["sequence", "token"] as const)
      expect(places(name, head, rates).length).toBeGreaterThan(encoder);
    expect(places(name, "mlm", rates).length).toBe(encoder);
  },
);
