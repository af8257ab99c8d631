import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createBackend } from "../src/backends/choose.ts";
import { Checkpoint } from "../src/checkpoints/repository.ts";
import { loadModel } from "../src/models/load-model.ts";
import { pack } from "../src/models/packed-batch.ts";
import { fineTune } from "../src/training/fine-tune/fine-tune.ts";
import type { FineTuneRecipe } from "../src/training/fine-tune/fine-tune-options.ts";
import { pretrain } from "../src/training/pretrain.ts";

// npx tsx scripts/check-transformers.ts
// Trains a tiny model for every task, and lets Python's transformers open the folders: the same ids must give the same
// logits to 1e-4. Adapters of LoRA are opened by PEFT where it is installed. CLOZE_PYTHON names the Python (default:
// python3); without transformers there is nothing to compare with, which is said.

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "build/transformers");
const base = join(root, "examples/models/words");
const python = process.env.CLOZE_PYTHON ?? "python3";
/** Ids of the toy vocabulary: [CLS] words [SEP]. */
const TEXTS = [
  [2, 60, 71, 99, 3],
  [2, 80, 3],
  [2, 120, 65, 130, 77, 90, 140, 3],
  [2, 61, 62, 3],
];

/** What is trained, and what of the result is compared: outputs here, and the class and attributes there. */
interface Case {
  readonly name: string;
  readonly rows: readonly object[];
  readonly recipe: FineTuneRecipe;
  readonly outputs: readonly string[];
  readonly opens: string;
}

const texts = ["anna loves paris", "a boring film", "john in london", "the worst of all"];
const classes = texts.map((text, i) => ({ text, label: i % 2 === 0 ? "place" : "film" }));
const pairs = texts.map((text, i) => ({ text1: text, text2: texts[(i + 1) % 4], label: i % 2 }));
const question = { id: "1", question: "where is anna", context: "anna is in paris" };
const answer = { ...question, answers: [{ text: "paris", start: 11 }] };
const CASES: readonly Case[] = [
  { name: "classify", rows: classes, recipe: {}, outputs: ["logits"], opens: "SequenceClassification" },
  {
    name: "labels",
    rows: texts.map((text, i) => ({ text, labels: i % 2 === 0 ? ["a", "b"] : ["c"] })),
    recipe: {},
    outputs: ["logits"],
    opens: "SequenceClassification",
  },
  {
    name: "score",
    rows: texts.map((text, i) => ({ text, score: i / 2 })),
    recipe: { task: "classify" },
    outputs: ["logits"],
    opens: "SequenceClassification",
  },
  {
    name: "tag",
    rows: texts.map((text) => ({ tokens: text.split(" "), tags: text.split(" ").map((w) => (w > "l" ? "B-X" : "O")) })),
    recipe: {},
    outputs: ["logits"],
    opens: "TokenClassification",
  },
  { name: "rank", rows: pairs, recipe: { task: "rank" }, outputs: ["logits"], opens: "SequenceClassification" },
  { name: "embed", rows: pairs, recipe: { task: "embed" }, outputs: ["hidden"], opens: "" },
  {
    name: "answer",
    rows: [answer, answer, answer, answer],
    recipe: { task: "answer" },
    outputs: ["startLogits", "endLogits"],
    opens: "QuestionAnswering",
  },
  {
    name: "choice",
    rows: texts.map((text, i) => ({ text, choices: ["paris", "film"], label: i % 2 })),
    recipe: { task: "choice" },
    outputs: ["logits"],
    opens: "MultipleChoice",
  },
  { name: "lora", rows: classes, recipe: { lora: 2 }, outputs: ["logits"], opens: "SequenceClassification" },
  { name: "lora-embed", rows: pairs, recipe: { task: "embed", lora: 2 }, outputs: ["hidden"], opens: "" },
];

const probe = spawnSync(python, ["-c", "import torch, transformers"], { encoding: "utf8" });
if (probe.status !== 0) console.log(`skipped: "${python}" has no transformers; CLOZE_PYTHON may name one that has`);
else await compare();

async function compare(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const cases: object[] = [await pretrained()];
  for (const each of CASES) cases.push(...(await tuned(each)));
  writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
  const script = join(root, "scripts/check-transformers.py");
  const { status } = spawnSync(python, [script, join(folder, "cases.json")], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}

async function pretrained(): Promise<object> {
  const corpus = join(folder, "corpus.txt");
  writeFileSync(corpus, texts.join("\n").repeat(4));
  const run = join(folder, "pretrain");
  const options = { length: 16, batchSize: 4, steps: 4 };
  await pretrain({ model: base, corpus: [corpus], output: run, ...options });
  const model = join(run, "model");
  return { name: "pretrain", model, opens: "MaskedLM", texts: TEXTS, logits: await outputsOf(model, ["logits"]) };
}

/** One case, or with LoRA two: merged, and the adapter apart. */
async function tuned({ name, rows, recipe, outputs, opens }: Case): Promise<object[]> {
  const data = join(folder, `${name}.jsonl`);
  writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const run = join(folder, name);
  await fineTune({ model: base, train: data, output: run, epochs: 4, batchSize: 2, learningRate: 0.01, ...recipe });
  const model = join(run, "model");
  const merged = { name, model, opens, texts: TEXTS, logits: await outputsOf(model, outputs) };
  if (recipe.lora === undefined) return [merged];
  const adapter = join(run, "adapter");
  return [merged, { ...merged, name: `${name} adapter`, base, adapter, logits: await outputsOf(adapter, outputs) }];
}

async function outputsOf(model: string, outputs: readonly string[]): Promise<number[][]> {
  const backend = await createBackend();
  const opened = loadModel(Checkpoint.open(model), { backend });
  const batch = pack(TEXTS.map((ids) => ({ ids })));
  const rows = Int32Array.from(batch.ids, (_, i) => i);
  const results = await opened.model.run({ ...batch, rows }, outputs);
  opened.model.close();
  await backend.close();
  return outputs.map((output) => Array.from(results[output]!));
}
