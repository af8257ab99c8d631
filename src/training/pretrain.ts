import { joinPath, pathKind, readFile, writeTextFile } from "#platform";
import type { Backend } from "../backends/backend.ts";
import { createBackend } from "../backends/choose.ts";
import type { JsonObject } from "../checkpoints/json-files.ts";
import { hashData } from "../datasets/data-file.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { InputError } from "../errors.ts";
import { findArchitecture } from "../models/registry.ts";
import { type Items, itemsOf, type Sequence } from "./batches/sequence.ts";
import type { SentenceDocument } from "./objectives/sentence-pairs.ts";
import { checkAverageDecay } from "./optimizers.ts";
import {
  type CorpusOptions,
  openCorpus,
  PairLayout,
  type PretrainingRow,
  readDocuments,
  readRows,
} from "./pretraining/corpus.ts";
import { generatorConfig } from "./pretraining/generator.ts";
import { KnownSpans } from "./pretraining/known-spans.ts";
import { saveGenerator, saveModel } from "./pretraining/model-folder.ts";
import {
  type FilledOptions,
  filledOptions,
  type PretrainOptions,
  type PretrainResult,
} from "./pretraining/pretrain-options.ts";
import { PretrainingModel } from "./pretraining/pretraining-model.ts";
import { type PretrainingTask, readObjectives } from "./pretraining/pretraining-tasks.ts";
import {
  batchesOf,
  endlessPairs,
  endlessRows,
  fixedBatches,
  type TaskBatch,
  taskBatches,
} from "./pretraining/row-streams.ts";
import { fileOf, type StartingPoint, startingPoint } from "./pretraining/starting-point.ts";
import { StoredCorpus } from "./pretraining/stored-corpus.ts";
import { readRun, runReport } from "./report/run-report.ts";
import { explainingFaults } from "./runs/run-fault.ts";
import { type RunConfig, type RunData, RunFolder } from "./runs/run-folder.ts";
import { learningRates, type Schedule } from "./schedules.ts";
import { type DevMetrics, trainingLoop } from "./training-loop.ts";

/**
 * Pre-trains an encoder on plain text, from scratch or going on from a model, and keeps a run folder: `config.json`,
 * `metrics.jsonl`, `checkpoints/`, `model/` (the best by validation loss, as transformers reads it), `report.html`. A run
 * that was stopped at any moment goes on with `resume` and ends with the same bits.
 *
 * Sources: BERT (2019), RoBERTa (2019), ALBERT (2020), ELECTRA (2020), ERNIE (2019); see the files of the objectives.
 *
 * @throws InputError for options that make no sense, files that cannot be read or changed since the run began, a folder
 *   that another process writes to, a disk that is full or cannot be written, and too many steps in a row that are not
 *   finite.
 */
export async function pretrain(options: PretrainOptions): Promise<PretrainResult> {
  const { output, corpus, dev = [] } = options;
  if (!["missing", "folder"].includes(pathKind(output))) {
    throw new InputError(`output "${output}" is a file; expected a folder's name.`);
  }
  if (corpus.length === 0) throw new InputError("No corpus file is named; expected one or more.");
  const filled = filledOptions(options);
  const tasks = readObjectives(filled.objective);
  const schedule = learningRates({ ...filled, rate: filled.learningRate });
  checkNumbers(filled);
  const [sets, devSets] = [await openCorpus(corpus, options), await openCorpus(dev, options)];
  const start = await startingPoint(options, filled, tasks);
  const recorded = { ...filled, length: start.length, config: start.checkpoint === undefined ? start.config : null };
  const data = dataOf(options, start);
  const config: RunConfig = { command: "pretrain", options: recorded, data };
  const plan = { filled, tasks, schedule, start, sets, devSets };
  return explainingFaults(output, () => runIn(new RunFolder(output, config, options), options, plan));
}

async function runIn(
  run: RunFolder,
  options: PretrainOptions,
  plan: Omit<Parts, "run" | "backend">,
): Promise<PretrainResult> {
  const given = typeof options.backend === "object" ? options.backend : undefined;
  try {
    for (const name of run.torn) options.onNote?.(`Checkpoint ${name} is torn; an older one is taken.`);
    const backend = given ?? (await createBackend(options.backend as string | undefined, { threads: options.threads }));
    try {
      return await new Pretraining(options, { ...plan, run, backend }).run();
    } finally {
      if (given === undefined) await backend.close();
    }
  } finally {
    run.close();
  }
}

function checkNumbers({
  maskRate,
  accumulation,
  evaluateEvery,
  checkpointEvery,
  logEvery,
  dropout,
  attentionDropout,
  averageDecay,
}: FilledOptions): void {
  for (const [name, value] of Object.entries({ accumulation, evaluateEvery, checkpointEvery, logEvery })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new InputError(`${name} is ${value}; expected a whole number, 1 or more.`);
    }
  }
  if (!(maskRate > 0 && maskRate < 1)) throw new InputError(`maskRate is ${maskRate}; expected a share below 1.`);
  for (const [name, share] of Object.entries({ dropout, attentionDropout })) {
    if (!(share >= 0 && share < 1)) throw new InputError(`${name} is ${share}; expected a share below 1.`);
  }
  checkAverageDecay(averageDecay ?? undefined);
}

/** Every file that decides what the run computes. */
function dataOf({ corpus, dev = [], entities }: PretrainOptions, start: StartingPoint): RunData[] {
  const tokenizer = fileOf(start.tokenizerFolder, ["tokenizer.json", "vocab.txt", "vocab.json"]);
  const own = start.checkpoint && fileOf(start.checkpoint.folder, ["tokenizer.json", "vocab.txt", "vocab.json"]);
  const weights = start.checkpoint?.weightFiles.map(({ name }) => joinPath(start.checkpoint!.folder, name)) ?? [];
  const files = [...corpus, ...dev, entities, tokenizer, own, ...weights].filter((file) => file !== undefined);
  return [...new Set(files)].map((file) => ({ file, sha256: hashData(file) }));
}

interface Parts {
  readonly filled: FilledOptions;
  readonly tasks: readonly PretrainingTask[];
  readonly schedule: Schedule;
  readonly start: StartingPoint;
  readonly sets: readonly Dataset[];
  readonly devSets: readonly Dataset[];
  readonly run: RunFolder;
  readonly backend: Backend;
}

/** A task with the batches that it is measured on. */
interface Measured {
  readonly task: PretrainingTask;
  batches(): Sequence<TaskBatch>;
}

/** One sitting of a run. */
class Pretraining {
  readonly #options: PretrainOptions;
  readonly #parts: Parts;
  readonly #folder: string;
  readonly #stored: StoredCorpus;
  readonly #generator: JsonObject | undefined;

  constructor(options: PretrainOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#folder = joinPath(options.output, "model");
    this.#stored = new StoredCorpus(parts.run);
    const isReplaced = parts.tasks.some(({ isReplaced }) => isReplaced);
    this.#generator = isReplaced ? generatorConfig(parts.start.config, parts.filled.generatorSize) : undefined;
  }

  async run(): Promise<PretrainResult> {
    const { filled, run } = this.#parts;
    const corpora = await this.#rows();
    const model = this.#model(corpora);
    try {
      const measured = await this.#devBatches();
      const result = await trainingLoop({
        ...this.#options,
        ...filled,
        optimizer: filled,
        run,
        learner: model.trainable,
        schedule: this.#parts.schedule,
        batches: await this.#batches(corpora),
        learn: (batches, step) => model.learn(batches, step),
        evaluate: measured.length === 0 ? undefined : () => this.#measure(model, measured),
        best: { metric: "validationLoss", better: "lower" },
        save: (step, metrics) => this.#save(model, step, metrics),
        phase: "pretrain",
      });
      if (result.end === "done") this.#stored.remove();
      writeTextFile(joinPath(this.#options.output, "report.html"), runReport([readRun(this.#options.output)]));
      return { ...result, output: this.#options.output, model: result.best === undefined ? undefined : this.#folder };
    } finally {
      model.trainable.close();
    }
  }

  get #corpusOptions(): CorpusOptions {
    const { filled, start, tasks } = this.#parts;
    const needsWords = tasks.some(({ masking }) => masking !== undefined && masking !== "mlm");
    return { ...this.#options, tokenizer: start.tokenizer, length: start.length, packing: filled.packing, needsWords };
  }

  /** Rows of each file of the corpus where their weights differ, else of all. */
  async #rows(): Promise<Items<PretrainingRow>[]> {
    const { sets, tasks, filled } = this.#parts;
    if (tasks.every(({ pairing }) => pairing !== undefined)) return [];
    if (filled.corpusWeights === null) return [await this.#stored.rows("all", sets, this.#corpusOptions)];
    const rows: Items<PretrainingRow>[] = [];
    for (const [i, set] of sets.entries()) {
      rows.push(await this.#stored.rows(String(i), [set], this.#corpusOptions));
    }
    return rows;
  }

  async #batches(corpora: readonly Items<PretrainingRow>[]) {
    const { filled, tasks, start, sets } = this.#parts;
    const { seed, accumulation, corpusWeights } = filled;
    const size = { ...filled, batchTokens: filled.batchTokens ?? undefined };
    const streams = new Map<string, Sequence<PretrainingRow[]>>();
    if (corpora.length > 0)
      streams.set("rows", batchesOf(endlessRows(corpora, corpusWeights ?? undefined, seed), size));
    const pairings = new Set(tasks.flatMap(({ pairing }) => pairing ?? []));
    const documents = pairings.size === 0 ? [] : await this.#stored.documents(sets, this.#corpusOptions);
    const layout = new PairLayout(start.tokenizer);
    for (const pairing of pairings) {
      const pairs = endlessPairs(documents, pairing, { layout, length: start.length, seed });
      streams.set(pairing, batchesOf(pairs, size));
    }
    return taskBatches(tasks, streams, { seed, accumulation });
  }

  #model(corpora: readonly Items<PretrainingRow>[]): PretrainingModel {
    const { filled, tasks, start, run, backend } = this.#parts;
    const { tokenizer } = start;
    const { specialTokens, size } = tokenizer;
    if (specialTokens.mask === undefined)
      throw new InputError("The tokenizer has no mask token; nothing can be masked.");
    const special = new Set(Object.values(specialTokens).map(({ id }) => id));
    const generator =
      this.#generator && findArchitecture(this.#generator, new Set()).configure(this.#generator, new Set());
    const model = new PretrainingModel({
      architecture: start.architecture,
      generator,
      tasks,
      backend,
      known: start.known,
      state: run.state?.tensors,
      learning: {
        dropout: filled.dropout,
        attentionDropout: filled.attentionDropout,
        recompute: this.#options.recompute,
        dtype: filled.dtype,
        optimizer: filled.optimizer,
        averageDecay: filled.averageDecay ?? undefined,
      },
      replacedWeight: filled.replacedWeight,
      making: {
        vocabulary: { size, maskId: specialTokens.mask.id, special },
        seed: filled.seed,
        maskRate: filled.maskRate,
        steps: filled.steps,
        spans: tasks.some(({ masking }) => masking === "knowledge") ? this.#knownSpans(corpora) : undefined,
        taskNames: tasks.map(({ name }) => name),
      },
    });
    const count = model.fresh.length;
    if (start.checkpoint !== undefined && count > 0) {
      this.#options.onNote?.(`${count} weights are fresh, the model had none: ${model.fresh.slice(0, 5).join(", ")}.`);
    }
    return model;
  }

  #knownSpans(corpora: readonly Items<PretrainingRow>[]): KnownSpans {
    const { entities } = this.#options;
    const names = entities === undefined ? [] : new TextDecoder().decode(readFile(entities)).split(/\r?\n/);
    const filled = names.filter((name) => name.trim() !== "");
    const spans = new KnownSpans(allOf(corpora), filled, this.#parts.start.tokenizer);
    this.#options.onNote?.(`${spans.sizes.phrases} phrases were found in the corpus.`);
    return spans;
  }

  /** What is measured: the dev rows once for each task. */
  async #devBatches(): Promise<Measured[]> {
    const { filled, tasks, start, devSets } = this.#parts;
    if (devSets.length === 0) return [];
    const options = { ...this.#corpusOptions, limit: filled.devRows };
    const size = { ...filled, batchTokens: filled.batchTokens ?? undefined };
    const measured: Measured[] = [];
    for (const task of tasks) {
      const rows: PretrainingRow[] = [];
      if (task.pairing === undefined) for await (const row of readRows(devSets, options)) rows.push(row);
      else {
        const documents: SentenceDocument[] = [];
        for await (const document of readDocuments(devSets, options)) documents.push(document);
        const pairs = endlessPairs(documents, task.pairing, {
          layout: new PairLayout(start.tokenizer),
          length: start.length,
          seed: 0,
        });
        for await (const [row] of itemsOf(pairs)) if (rows.push(row) >= filled.devRows) break;
      }
      measured.push({ task, batches: () => fixedBatches(task, rows, size) });
    }
    return measured;
  }

  /** The mean of the tasks' losses by their weights; accuracies of the last task that has each. */
  async #measure(model: PretrainingModel, measured: readonly Measured[]): Promise<DevMetrics> {
    const whole = measured.reduce((sum, { task }) => sum + task.weight, 0);
    let validationLoss = 0;
    let others: DevMetrics = {};
    for (const { task, batches } of measured) {
      const { validationLoss: loss = 0, ...accuracies } = await model.measure(onlyItems(batches()));
      validationLoss += (loss * task.weight) / whole;
      others = { ...others, ...accuracies };
    }
    return { validationLoss, ...others };
  }

  async #save(model: PretrainingModel, step: number, metrics: DevMetrics): Promise<void> {
    const { start, filled } = this.#parts;
    const tensors = await model.trainable.tensors();
    const saved = { start, filled, corpus: this.#options.corpus, step, metrics };
    saveModel(this.#folder, tensors, saved);
    if (this.#generator !== undefined) {
      saveGenerator(joinPath(this.#options.output, "generator"), tensors, this.#generator, saved);
    }
  }
}

function* allOf<T>(parts: readonly Items<T>[]): Generator<T> {
  for (const items of parts) for (let i = 0; i < items.length; i++) yield items.at(i)!;
}

async function* onlyItems<T>(sequence: Sequence<T>): AsyncGenerator<T> {
  for await (const [item] of itemsOf(sequence)) yield item;
}
