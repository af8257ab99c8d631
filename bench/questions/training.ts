import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figure } from "../figure.ts";
import type { ForwardReply, ForwardSide } from "../forward/forward-side.ts";
import { interleave, median, speedup } from "../interleave.ts";
import { modelsFolder } from "../prepare-peers.ts";
import { hasPython } from "../python.ts";
import { startNode, startPython } from "../side-process.ts";
import type { BenchSettings } from "../sides.ts";

interface Shape {
  readonly name: string;
  /** Of the model: its config.json. */
  readonly config: object;
  readonly texts: number;
  readonly tokens: number;
  /** Times PyTorch's speed. */
  readonly floors: { readonly f32: number; readonly bf16: number };
}

const bert = (layers: number, hidden: number, heads: number, words: number, architecture: string) => ({
  model_type: "bert",
  architectures: [architecture],
  vocab_size: words,
  hidden_size: hidden,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  intermediate_size: 4 * hidden,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  // On neither side: PyTorch would drop a tenth of everything, which costs time that Cloze's step does not spend.
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
});

const SHAPES: readonly Shape[] = [
  {
    name: "masked words, 4 x 256, 32 x 128",
    config: bert(4, 256, 4, 8000, "BertForMaskedLM"),
    texts: 32,
    tokens: 128,
    floors: { f32: 2.5, bf16: 1.5 },
  },
  {
    name: "classification, MiniLM, 32 x 64",
    config: bert(6, 384, 12, 30_522, "BertForSequenceClassification"),
    texts: 32,
    tokens: 64,
    floors: { f32: 1.8, bf16: 1.25 },
  },
];
const BERT_BASE = bert(12, 768, 12, 30_522, "BertForMaskedLM");
const MOST_MEMORY = 3500;

/**
 * How fast is a training step (forward, backward, clipping, AdamW) in f32 and in bf16 against PyTorch's, by autocast in
 * bf16? And how much memory does a step of BERT-base take, with and without computing blocks again?
 */
export async function training({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  const peer = hasPython("transformers, torch");
  if (!peer) console.error("training: no Python with torch and transformers here; PyTorch's side is left out.");
  const figures: Figure[] = [];
  for (const shape of SHAPES) {
    for (const dtype of ["f32", "bf16"] as const) figures.push(await compare(shape, dtype, { repeats, threads }, peer));
  }
  for (const recompute of [false, true]) figures.push(await memoryOf(recompute, threads));
  return figures;
}

async function compare(
  shape: Shape,
  dtype: "f32" | "bf16",
  { repeats, threads }: BenchSettings,
  hasPeer: boolean,
): Promise<Figure> {
  const file = writeConfig(shape.config);
  const sides: Record<string, ForwardSide> = { cloze: await startCloze(file, { threads, dtype }) };
  if (hasPeer) {
    const script = fileURLToPath(new URL("../peers/torch-training.py", import.meta.url));
    sides.torch = await startPython(script, [file, String(threads), dtype]);
  }
  const request = { texts: shape.texts, tokens: shape.tokens, calls: 1 };
  for (const side of Object.values(sides)) await side.ask(request);
  const timers = Object.entries(sides).map(
    ([name, side]) => [name, async () => (await side.ask(request)).milliseconds] as const,
  );
  const times = await interleave(repeats, Object.fromEntries(timers));
  await Promise.all(Object.values(sides).map((side) => side.stop()));
  const rate = (all: readonly number[]) => (1000 * shape.texts * shape.tokens) / median(all);
  const detail = Object.entries(times).map(([name, all]) => `${name} ${rate(all).toFixed(0)} tokens/s`);
  const name = `${shape.name}, ${dtype}`;
  if (times.torch === undefined) return { name, value: median(times.cloze!), unit: "ms", detail: detail.join(", ") };
  const { ratio, worst } = speedup(times.torch, times.cloze!);
  return {
    name: `${name}, torch`,
    value: ratio,
    unit: "x",
    worst,
    floor: shape.floors[dtype],
    detail: detail.join(", "),
  };
}

/** In a process of its own, which has done nothing else. */
async function memoryOf(recompute: boolean, threads: number): Promise<Figure> {
  const side = await startCloze(writeConfig(BERT_BASE), { threads, dtype: "f32", recompute });
  const reply = (await side.ask({ texts: 8, tokens: 128, calls: 2 })) as ForwardReply & { memory: number };
  await side.stop();
  const detail = `${reply.milliseconds.toFixed(0)} ms`;
  const name = `memory of a BERT-base step, 8 x 128${recompute ? ", recompute" : ""}`;
  return { name, value: reply.memory, unit: "MB", floor: MOST_MEMORY, atMost: true, detail };
}

function startCloze(file: string, settings: object): Promise<ForwardSide> {
  return startNode(new URL("../programs/cloze-training.mjs", import.meta.url), [file, JSON.stringify(settings)]);
}

function writeConfig(config: object): string {
  const folder = join(modelsFolder, "training");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}
