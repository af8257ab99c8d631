/**
 * Cloze's side of training steps: `node cloze-training.mjs CONFIG.json '{"threads": 2, "dtype": "f32"}'`. Answers
 * requests `{ texts, tokens, maskRate, calls }` with the median milliseconds of a step, the first numbers of the result,
 * which is the loss, and the most megabytes that the process took so far.
 */
import { readFileSync } from "node:fs";
import { freshWeights, pack } from "cloze/models";
import { labelLoss, TrainableModel } from "cloze/training";
import { createBackend } from "../../dist/backends/choose.js";
import { Graph } from "../../dist/engine/graph.js";
import { buildModelGraph } from "../../dist/models/model-graph.js";
import { findArchitecture } from "../../dist/models/registry.js";

const [file, settings] = process.argv.slice(2);
const { threads, dtype, recompute } = JSON.parse(settings);
const config = JSON.parse(readFileSync(file, "utf8"));
const isMasked = config.architectures[0].endsWith("ForMaskedLM");
const architecture = findArchitecture(config, new Set()).configure(config, new Set());
const shape = { architecture, head: isMasked ? "mlm" : "sequence" };
const graph = new Graph();
buildModelGraph(graph, { ...shape });
const backend = await createBackend(undefined, { threads });
const losses = ({ outputs }) => [labelLoss("label", outputs.logits)];
const tensors = freshWeights(graph, 1);
const { hidden_dropout_prob: dropout = 0, attention_probs_dropout_prob: attentionDropout = 0 } = config;
const rates = { dropout, attentionDropout };
const model = new TrainableModel({ ...shape, ...rates, backend, tensors, losses, dtype, recompute });
let updates = 0;

async function step(batch) {
  const seed = Int32Array.of(updates);
  const { label } = await model.accumulate({ ...batch, extra: { ...batch.extra, seed } });
  const scale = Math.min(1, 1 / ((await model.gradientNorm()) + 1e-6));
  updates++;
  await model.update({ learningRate: 1e-4, scale, step: updates });
  return label;
}

/** The shape of the peer's. */
function batchOf({ texts, tokens, maskRate }) {
  const ids = (text) => Array.from({ length: tokens }, (_, at) => 5 + ((at * 7919 + text * 104_729) % 6995));
  const batch = pack(Array.from({ length: texts }, (_, text) => ({ ids: ids(text) })));
  const count = isMasked ? Math.round(maskRate * texts * tokens) : texts;
  const rows = Int32Array.from({ length: count }, (_, i) => Math.floor((i * texts * tokens) / count));
  const labels = isMasked ? rows.map((row) => batch.ids[row]) : rows.map((_, i) => i % 2);
  const extra = { labelLabels: labels, labelWeights: new Float32Array(count).fill(1 / count) };
  return { ...batch, ...(isMasked ? { rows } : {}), extra };
}

process.on("message", async ({ calls, ...sizes }) => {
  const batch = batchOf(sizes);
  const times = [];
  let loss = 0;
  for (let call = 0; call < calls; call++) {
    const start = performance.now();
    loss = await step(batch);
    times.push(performance.now() - start);
  }
  const milliseconds = times.sort((a, b) => a - b)[calls >> 1];
  process.send({ milliseconds, first: [loss], memory: process.resourceUsage().maxRSS / 1024 });
});
process.on("disconnect", () => process.exit(0));
process.send("ready");
