import { expect, it } from "vitest";
import { tensorValues } from "../checkpoints/stored-types.ts";
import { Graph } from "../engine/graph.ts";
import { freshWeights } from "./fresh-weights.ts";
import { buildModelGraph } from "./model-graph.ts";
import { modernbert } from "./modernbert.ts";

/** Of a normal distribution cut at two deviations: its own deviation, in theirs. */
const CUT = 0.8796;

it.each([
  ["model.embeddings.tok_embeddings.weight", 0.02],
  ["model.layers.1.attn.Wqkv.weight", 0.02],
  ["model.layers.1.attn.Wo.weight", 0.02 / Math.sqrt(8)],
  ["model.layers.1.mlp.Wi.weight", 0.02],
  ["model.layers.1.mlp.Wo.weight", 0.02 / Math.sqrt(8)],
  ["head.dense.weight", 0.02 / Math.sqrt(8)],
])("fresh %s spreads as transformers starts it", (name, deviation) => {
  const shape = { hidden_size: 128, num_attention_heads: 4, intermediate_size: 128, num_hidden_layers: 4 };
  const architecture = modernbert.configure(
    { model_type: "modernbert", vocab_size: 500, pad_token_id: 0, ...shape },
    new Set(),
  );
  const graph = new Graph();
  buildModelGraph(graph, { architecture, head: "mlm" });
  const values = tensorValues(freshWeights(graph, 1)(name));
  const spread = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  expect(Math.abs(spread / (CUT * deviation) - 1)).toBeLessThan(0.02);
  expect(values.every((x) => Math.abs(x) <= 2.00001 * deviation)).toBe(true);
});
