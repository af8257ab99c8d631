/**
 * Tuning by a few examples a class: their embeddings are tuned by contrast, then a linear head is fitted on them. The result
 * is an embedder of Sentence Transformers whose last module is the head. Source: Tunstall et al., "Efficient Few-Shot Learning
 * Without Prompts", arXiv 2209.11055.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFolder } from "#platform";
import type { Backend } from "../../backends/backend.ts";
import { editJson } from "../../checkpoints/json-edit.ts";
import { printJson } from "../../checkpoints/json-files.ts";
import { saveRepository } from "../../checkpoints/save-repository.ts";
import { memoryTensor } from "../../checkpoints/stored-types.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import { LabelSet } from "../../datasets/label-set.ts";
import { InputError } from "../../errors.ts";
import { Classifier } from "../../tasks/classifier.ts";
import { Embedder } from "../../tasks/embedder.ts";
import type { Judgement } from "../evaluate/judge.ts";
import { judgeClassifier } from "../evaluate/judge-rows.ts";
import { ClassLabels } from "./class-labels.ts";
import { contrastivePairs } from "./contrastive-pairs.ts";
import { fitLogisticRegression, type LinearHead } from "./logistic-regression.ts";

/** Pairs of like and of unlike texts for each text: SetFit's number. */
export const PAIRS = 20;

/** @throws InputError when the data are not single texts with one label each. */
export function checkFewShot(data: {
  readonly input: string;
  readonly target: string;
  readonly statement: string;
}): void {
  if (data.input === "text" && data.target === "label") return;
  throw new InputError(`The data are read as ${data.statement}; fewShot takes single texts with one "label" each.`);
}

/** The rows that the embeddings learn from. */
export function pairsOf(rows: readonly DataRow[], seed: number): DataRow[] {
  return contrastivePairs(rows, { count: PAIRS, seed });
}

/**
 * Fits the head on a tuned embedder, and writes the classifier's folder.
 *
 * @param folders.embedder, folders.head, folders.model what is read, and the two that are written
 * @returns the names of the classes, in the head's order
 */
export async function addHead(
  folders: { readonly embedder: string; readonly head: string; readonly model: string },
  rows: readonly DataRow[],
  options: { readonly name: string; readonly backend: Backend },
): Promise<readonly string[]> {
  const labels = new ClassLabels(await LabelSet.collect(rows, options.name), []);
  const embedder = await Embedder.load(folders.embedder, { backend: options.backend });
  const vectors = await embedder.embed(rows.map(({ text = "" }) => text));
  await embedder.dispose();
  const gold = rows.map(({ label, where }) => labels.index(label!, where));
  writeHead(folders.head, fitLogisticRegression(vectors, gold, labels.names.length));
  const modules = JSON.parse(readFileSync(join(folders.embedder, "modules.json"), "utf8")) as { path: string }[];
  const path = `${modules.length}_Dense`;
  const entry = { idx: modules.length, name: String(modules.length), path, type: "sentence_transformers.models.Dense" };
  const texts = { "modules.json": printJson([...modules, entry]) };
  const written = ["config.json", "README.md", ...Object.keys(texts)];
  const kept = listFolder(folders.embedder).filter((name) => !written.includes(name));
  saveRepository(folders.model, {
    configText: editJson(readFileSync(join(folders.embedder, "config.json"), "utf8"), {
      ...labels.config,
      problem_type: "single_label_classification",
    }),
    weightFiles: [],
    texts,
    copies: [...kept.map((name) => ({ from: join(folders.embedder, name), name })), { from: folders.head, name: path }],
  });
  return labels.names;
}

/** As the module Dense is kept. */
function writeHead(folder: string, { weight, bias }: LinearHead): void {
  const [classes, size] = [bias.length, weight.length / bias.length];
  saveRepository(folder, {
    configText: printJson({
      in_features: size,
      out_features: classes,
      bias: true,
      activation_function: "torch.nn.modules.linear.Identity",
    }),
    weightFiles: [
      {
        name: "model.safetensors",
        tensors: [memoryTensor("linear.weight", [classes, size], weight), memoryTensor("linear.bias", [classes], bias)],
      },
    ],
  });
}

/** What the classifier makes of rows. */
export async function judgeFolder(
  model: string,
  rows: readonly DataRow[],
  { backend }: { readonly backend: Backend },
): Promise<Judgement> {
  const classifier = await Classifier.load(model, { backend });
  try {
    return await judgeClassifier(classifier, rows, {});
  } finally {
    await classifier.dispose();
  }
}
