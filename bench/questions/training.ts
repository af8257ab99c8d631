import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Figure } from "../figure.ts";
import { interleave, median, speedup } from "../interleave.ts";
import { modelsFolder } from "../prepare-peers.ts";
import { hasPython } from "../python.ts";
import { type Side, startNode, startPython } from "../side-process.ts";
import type { BenchSettings } from "../sides.ts";

/** A batch of equal texts, and how many steps the median is of. */
interface StepRequest {
  readonly texts: number;
  readonly tokens: number;
  readonly maskRate: number;
  readonly calls: number;
}

interface StepReply {
  readonly milliseconds: number;
  /** Megabytes at most so far. Cloze's side alone tells them. */
  readonly memory?: number;
}

type TrainingSide = Side<StepRequest, StepReply>;

interface Shape {
  readonly name: string;
  /** Of the model: its config.json. */
  readonly config: object;
  readonly texts: number;
  readonly tokens: number;
  /** Share of the tokens that are guessed; 0: the texts are classified. */
  readonly maskRate: number;
  /** Times PyTorch's speed. */
  readonly floors?: { readonly f32: number; readonly bf16: number };
}

/** `dropped` is the share that dropout takes, of hidden numbers and of attention's probabilities. */
const bert = (layers: number, hidden: number, heads: number, architecture: string, dropped: number) => ({
  model_type: "bert",
  architectures: [architecture],
  vocab_size: 30_522,
  hidden_size: hidden,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  intermediate_size: 4 * hidden,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_dropout_prob: dropped,
  attention_probs_dropout_prob: dropped,
});

/** Without dropout, as transformers has it. */
const modernBert = (further: object) => ({
  model_type: "modernbert",
  architectures: ["ModernBertForMaskedLM"],
  vocab_size: 8000,
  hidden_size: 256,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  intermediate_size: 512,
  max_position_embeddings: 128,
  local_attention: 128,
  global_attn_every_n_layers: 1,
  pad_token_id: 0,
  cls_token_id: 2,
  sep_token_id: 3,
  bos_token_id: 2,
  eos_token_id: 3,
  ...further,
});
const classifier = (dropped: number) => bert(6, 384, 12, "BertForSequenceClassification", dropped);
const masked = { texts: 32, tokens: 128, maskRate: 0.2 };
const classified = { texts: 32, tokens: 64, maskRate: 0 };

/** The steps of the recipes in docs/recorded-runs.md, and the same with what makes them cheaper for PyTorch. */
const SHAPES: readonly Shape[] = [
  { name: "masked words, 4 x 256, 32 x 128", config: modernBert({}), ...masked, floors: { f32: 2.5, bf16: 1.5 } },
  {
    name: "masked words, where PyTorch is told to guess the masked alone",
    config: modernBert({ sparse_prediction: true }),
    ...masked,
  },
  {
    name: "classification, MiniLM, 32 x 64, dropout 0.1",
    config: classifier(0.1),
    ...classified,
    floors: { f32: 1.8, bf16: 1.25 },
  },
  { name: "classification, MiniLM, 32 x 64, no dropout", config: classifier(0), ...classified },
];
const BERT_BASE = bert(12, 768, 12, "BertForMaskedLM", 0);
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
  const sides: Record<string, TrainingSide> = { cloze: await startCloze(file, { threads, dtype }) };
  if (hasPeer) {
    const script = fileURLToPath(new URL("../peers/torch-training.py", import.meta.url));
    sides.torch = await startPython(script, [file, String(threads), dtype]);
  }
  const request = { texts: shape.texts, tokens: shape.tokens, maskRate: shape.maskRate, calls: 1 };
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
    ...(shape.floors === undefined ? {} : { floor: shape.floors[dtype] }),
    detail: detail.join(", "),
  };
}

/** In a process of its own, which has done nothing else. */
async function memoryOf(recompute: boolean, threads: number): Promise<Figure> {
  const side = await startCloze(writeConfig(BERT_BASE), { threads, dtype: "f32", recompute });
  const reply = await side.ask({ texts: 8, tokens: 128, maskRate: 0.15, calls: 2 });
  await side.stop();
  const detail = `${reply.milliseconds.toFixed(0)} ms`;
  const name = `memory of a BERT-base step, 8 x 128${recompute ? ", recompute" : ""}`;
  return { name, value: reply.memory!, unit: "MB", floor: MOST_MEMORY, atMost: true, detail };
}

function startCloze(file: string, settings: object): Promise<TrainingSide> {
  return startNode(new URL("../programs/cloze-training.mjs", import.meta.url), [file, JSON.stringify(settings)]);
}

function writeConfig(config: object): string {
  const folder = join(modelsFolder, "training");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}
