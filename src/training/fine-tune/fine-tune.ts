import { existsSync } from "node:fs";
import { join } from "node:path";
import { removePath, writeTextFile } from "#platform";
import type { Backend } from "../../backends/backend.ts";
import { createBackend } from "../../backends/choose.ts";
import { seedOf, uniform } from "../../backends/random.ts";
import { elementCount } from "../../checkpoints/stored-types.ts";
import { InputError } from "../../errors.ts";
import { bootstrapIntervals } from "../../evaluation/bootstrap.ts";
import type { Metrics } from "../../evaluation/reports.ts";
import { batchesOfLikeLength } from "../batches/batches.ts";
import { repeatSequence } from "../batches/sequence.ts";
import { shuffledRows } from "../batches/shuffle.ts";
import type { TrainingTask } from "../evaluate/evaluate-options.ts";
import type { Judgement } from "../evaluate/judge.ts";
import { PREDICTIONS, readRun, runReport } from "../report/run-report.ts";
import { explainingFaults } from "../runs/run-fault.ts";
import { type RunConfig, RunFolder } from "../runs/run-folder.ts";
import { learningRates } from "../schedules.ts";
import { TrainableModel } from "../trainable-model.ts";
import { trainingLoop } from "../training-loop.ts";
import { chooseTask } from "./choose-task.ts";
import { addHead, checkFewShot, judgeFolder, pairsOf } from "./few-shot.ts";
import type { FineTuneOptions } from "./fine-tune-options.ts";
import { countLayers, layerOf, layerRate } from "./layer-of.ts";
import { modelCard } from "./model-card.ts";
import { preparePairs } from "./prepare-pairs.ts";
import { type FullRecipe, fillRecipe } from "./recipe.ts";
import { saveTuned } from "./save-tuned.ts";
import { openStartingPoint, type Prepared, prepareHead, type StartingPoint } from "./starting-point.ts";
import { readSplits, type Splits } from "./training-data.ts";
import { fitKeys } from "./tuned-config.ts";
import { type Judged, Tuner } from "./tuner.ts";
import type { Example, TuningTask } from "./tuning-task.ts";

/** Tokens of a question with a window of its context. */
const ANSWER_TOKENS = 384;

/** What became of a run. */
export interface FineTuneResult {
  /** The model's folder, `model/` in the run's; undefined when the run was interrupted before there was one. */
  readonly model: string | undefined;
  readonly task: TrainingTask;
  /** Of the dev metrics the one that models are compared by; higher is better. */
  readonly metric: string;
  readonly statement: string;
  /** Parameters that the checkpoint did not have, and that started fresh. */
  readonly fresh: readonly string[];
  readonly steps: number;
  /** Steps that changed nothing because loss or gradient was not finite. */
  readonly skipped: number;
  readonly end: "done" | "interrupted" | "patience";
  /** The step of the model that was kept, and its figures on the dev set. */
  readonly best: { readonly step: number; readonly metrics: Metrics } | undefined;
}

/**
 * Tunes a model to labelled rows, and writes a run folder: `config.json`, `metrics.jsonl`, `checkpoints/`, `model/`,
 * `dev-predictions.jsonl`, `report.html`. The same data, recipe and seed give the same weights, also when the run was
 * interrupted and resumed.
 *
 * @throws InputError when data and task do not fit, a label is unknown, a split is empty or of one class, or the folder
 *   holds a run already (without `resume`), or its disk is full or cannot be written; besides, what opening the model throws.
 */
export function fineTune(options: FineTuneOptions): Promise<FineTuneResult> {
  return explainingFaults(options.output, () => tuneOn(options));
}

async function tuneOn(options: FineTuneOptions): Promise<FineTuneResult> {
  const given = typeof options.backend === "object" ? options.backend : undefined;
  const backend = given ?? (await createBackend(options.backend as string | undefined, { threads: options.threads }));
  try {
    const read = await readSplits(options);
    const start = await openFor(read.task, options);
    const recipe = fillRecipe(options, start.checkpoint.config);
    if (recipe.fewShot && recipe.fitScores)
      throw new InputError("fitScores and fewShot are both given; pass one of them.");
    if (recipe.fewShot) return await tuneFewShot({ options, recipe, data: read, start, backend });
    const data = await preparePairs(read, recipe, { ...options, backend, maxLength: start.maxLength });
    const task = await chooseTask(data, start, recipe);
    if (recipe.fitScores) checkFit(data, task);
    return await tune({ options, recipe, data: arranged(data, task), start, task, backend });
  } finally {
    if (given === undefined) await backend.close();
  }
}

/** @throws InputError where there is nothing to fit, or nothing to fit it on. */
function checkFit({ task: name, dev }: Splits, task: TuningTask): void {
  if (task.fitScores === undefined) {
    throw new InputError(`fitScores is for texts with one label or several; this is ${name}. Leave it out.`);
  }
  if (dev === undefined) throw new InputError("fitScores needs a dev set: pass dev.");
}

function arranged({ task: name, train, dev }: Splits, task: TuningTask): Splits {
  const arrange = <S extends Splits["train"]>(split: S) => ({
    ...split,
    rows: task.arrange?.(split.rows) ?? split.rows,
  });
  return { task: name, train: arrange(train), dev: dev === undefined ? undefined : arrange(dev) };
}

/** Windows of a context are no longer than in SQuAD's recipes, unless that is asked. */
async function openFor(task: TrainingTask, options: FineTuneOptions): Promise<StartingPoint> {
  const start = await openStartingPoint(options.model, options);
  if (task !== "answer" || options.maxLength !== undefined) return start;
  return { ...start, maxLength: Math.min(start.maxLength, ANSWER_TOKENS) };
}

interface Work {
  readonly options: FineTuneOptions;
  readonly recipe: FullRecipe;
  readonly data: Splits;
  readonly start: StartingPoint;
  readonly task: TuningTask;
  readonly backend: Backend;
}

async function tune(work: Work): Promise<FineTuneResult> {
  const { options, recipe, data, start, task, backend } = work;
  const { onNote } = options;
  const train = data.train.rows.map((row) => task.example(row));
  const dev = data.dev?.rows.map((row) => task.example(row)) ?? [];
  const truncated = train.filter((example) => example.truncated).length;
  if (truncated > 0)
    onNote?.(`${truncated} of ${train.length} training rows are longer than ${start.maxLength} tokens and are cut`);
  const prepared = prepareHead(start, { head: task.head, tail: task.tail, config: task.config, recipe });
  if (prepared.fresh.length > 0) onNote?.(`fresh weights: ${prepared.fresh.join(", ")}`);
  const run = new RunFolder(options.output, runConfig(work), { resume: options.resume });
  try {
    if (run.torn.length > 0) onNote?.(`torn checkpoints were passed over: ${run.torn.join(", ")}`);
    const model = new TrainableModel({
      architecture: prepared.architecture,
      head: task.head,
      tail: task.tail,
      graph: prepared.graph,
      losses: task.losses,
      backend,
      tensors: (name) => task.tailTensor?.(name) ?? prepared.tensors(name),
      state: run.state?.tensors,
      dropout: recipe.dropout,
      recompute: options.recompute,
      dtype: recipe.dtype,
      attentionDropout: recipe.attentionDropout,
      optimizer: recipe.optimizer,
      averageDecay: recipe.averageDecay ?? undefined,
      ...trainedPart(recipe, prepared),
    });
    try {
      return await runLoop(work, { run, model, prepared, train, dev, truncated });
    } finally {
      model.close();
    }
  } finally {
    run.close();
  }
}

/** Two runs in one: that of the embedder in `embedder/`, and the head on it. */
async function tuneFewShot(work: Omit<Work, "task">): Promise<FineTuneResult> {
  const { options, data, backend } = work;
  const { rows, name } = data.train;
  checkFewShot(data.train);
  const start = withoutPrompts(work.start);
  const run = new RunFolder(options.output, runConfig(work), { resume: options.resume });
  try {
    const result = await tuneEmbedder({ ...work, start }, join(run.path, "embedder"));
    const told = { ...result, task: data.task, metric: "accuracy", fresh: ["linear.weight", "linear.bias"] };
    if (result.model === undefined || result.end === "interrupted") return { ...told, model: undefined };
    const folders = { embedder: result.model, head: join(run.path, "head"), model: join(run.path, "model") };
    const labels = await addHead(folders, rows, { name, backend });
    const judgement = data.dev === undefined ? undefined : await judgeFolder(folders.model, data.dev.rows, { backend });
    const card = cardOf(work, run.config, { step: result.steps, judgement, labels, truncated: 0 });
    writeTextFile(join(folders.model, "README.md"), card);
    writePredictions(run.path, judgement);
    if (judgement !== undefined) run.log.append({ step: result.steps, ...judgement.metrics });
    writeTextFile(join(run.path, "report.html"), runReport([readRun(run.path)]));
    const best = { step: result.steps, metrics: judgement?.metrics ?? {} };
    return { ...told, model: folders.model, best };
  } finally {
    run.close();
  }
}

/** By the cosines of pairs of texts: 1 of one class, 0 of two. */
async function tuneEmbedder(work: Omit<Work, "task">, output: string): Promise<FineTuneResult> {
  const { options, data, start } = work;
  const recipe = { ...work.recipe, loss: "cosine", keep: "last" } as const;
  const rows = pairsOf(data.train.rows, recipe.seed);
  const splits: Splits = { task: "embed", train: { ...data.train, input: "pair", rows }, dev: undefined };
  const task = await chooseTask(splits, start, recipe);
  return tune({ ...work, options: { ...options, output }, recipe, data: splits, task });
}

/** A classifier's texts have no prompt before them. */
function withoutPrompts(start: StartingPoint): StartingPoint {
  const { layout } = start.location;
  if (layout === undefined) return start;
  return {
    ...start,
    location: { ...start.location, layout: { ...layout, prompts: new Map(), defaultPrompt: undefined } },
  };
}

/** Which parameters are trained, and how fast. */
function trainedPart({ headOnly, freezeLayers, layerDecay, lora }: FullRecipe, { weights, isEncoder }: Prepared) {
  const layers = countLayers(weights.canonicalNames());
  const isFrozen = (name: string) => {
    if ((headOnly || lora !== null) && isEncoder(name)) return true;
    const layer = layerOf(name);
    return freezeLayers > 0 && layer !== undefined && layer < freezeLayers;
  };
  return {
    isTrained: (name: string) => !isFrozen(name),
    rateFactor: (name: string) => layerRate(name, layers, layerDecay),
  };
}

interface Sitting {
  readonly run: RunFolder;
  readonly model: TrainableModel;
  readonly prepared: Prepared;
  readonly train: readonly Example[];
  readonly dev: readonly Example[];
  readonly truncated: number;
}

async function runLoop(work: Work, sitting: Sitting): Promise<FineTuneResult> {
  const { options, recipe, data, task } = work;
  const { run, model, train, dev } = sitting;
  noteTrained(work, sitting);
  const { seed, batchSize, epochs } = recipe;
  const tuner = new Tuner(model, task, { seed, backend: work.backend });
  const stepsPerEpoch = Math.ceil(train.length / batchSize);
  const steps = epochs * stepsPerEpoch;
  const evaluateEvery = recipe.evaluateEvery ?? stepsPerEpoch;
  let judgement: Judged | undefined;
  let step = run.state?.step ?? 0;
  const result = await trainingLoop<readonly Example[]>({
    run,
    learner: model,
    batches: repeatSequence((epoch) => epochOf(train, batchSize, seedOf(seed, `epoch ${epoch}`))),
    learn: ([examples = []], at) => {
      step = at + 1;
      return tuner.learn(examples, at);
    },
    steps,
    schedule: learningRates({ schedule: recipe.schedule, rate: recipe.learningRate, steps, warmup: recipe.warmup }),
    optimizer: { weightDecay: recipe.weightDecay },
    clip: recipe.clip,
    ...(data.dev === undefined
      ? {}
      : {
          evaluate: async () => {
            judgement = await tuner.judge(dev, data.dev!.rows, recipe);
            return judgement === undefined ? {} : { ...judgement.metrics, epoch: step / stepsPerEpoch };
          },
        }),
    evaluateEvery,
    best: { metric: recipe.keep === "last" ? "epoch" : task.main, better: "higher" },
    save: (at) => saveModel(work, sitting, at, judgement),
    patience: recipe.patience ?? undefined,
    checkpointEvery: options.checkpointEvery ?? Math.min(evaluateEvery, 500),
    phase: "fine-tune",
    signal: options.signal,
    onProgress: options.onProgress,
    onMetrics: options.onMetrics,
  });
  writeTextFile(join(run.path, "report.html"), runReport([readRun(run.path)]));
  const folder = join(run.path, "model");
  return {
    model: existsSync(folder) ? folder : undefined,
    task: data.task,
    metric: task.main,
    statement: data.train.statement,
    fresh: sitting.prepared.fresh,
    ...result,
  };
}

/** How much LoRA trains. */
function noteTrained({ options }: Work, { model, prepared }: Sitting): void {
  const { lora, size } = prepared;
  if (lora === undefined) return;
  const trained = model.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const share = ((100 * trained) / size).toFixed(2);
  options.onNote?.(
    `LoRA of rank ${lora.rank} on ${lora.weights.size} linears: ${trained.toLocaleString("en")} of ${size.toLocaleString("en")} parameters are trained (${share} %)`,
  );
}

/** Like lengths together, in an order of its own for each epoch; the last batch may be smaller. */
function epochOf(train: readonly Example[], batchSize: number, seed: number) {
  return batchesOfLikeLength(shuffledRows(train, { seed }), batchSize, { lengthOf: ({ length }) => length, seed });
}

/** The model as it is, its card, and what it makes of the dev set. */
async function saveModel(work: Work, sitting: Sitting, step: number, judgement: Judged | undefined): Promise<void> {
  const { options, data, start, task } = work;
  const { run, model, prepared, truncated } = sitting;
  const labels = task.head === "sequence" || task.head === "token" ? prepared.architecture.labels : [];
  const card = cardOf(work, run.config, { step, judgement, labels, truncated });
  const tensors = await model.tensors();
  const keys = { ...fitKeys(judgement?.fit ?? {}), ...task.tailConfig?.(tensors) };
  saveTuned(options.output, start, prepared, tensors, { card, task: data.task, base: options.model, keys });
  writePredictions(options.output, judgement);
}

/** What became of a model that is kept. */
interface Kept {
  readonly step: number;
  readonly judgement: Judgement | undefined;
  readonly labels: readonly string[];
  /** Training rows that were cut. */
  readonly truncated: number;
}

function cardOf({ recipe, data, start }: Omit<Work, "task">, config: RunConfig, kept: Kept): string {
  const { step, judgement, labels, truncated } = kept;
  return modelCard({
    base: start.location.name,
    task: data.task,
    statement: data.train.statement,
    config,
    rows: { train: data.train.rows.length, dev: data.dev?.rows.length ?? 0 },
    truncated,
    maxLength: start.maxLength,
    step,
    metrics: judgement?.metrics ?? {},
    intervals: judgement === undefined ? {} : intervalsOf(judgement, recipe.seed),
    labels,
  });
}

function writePredictions(folder: string, judgement: Judgement | undefined): void {
  const file = join(folder, PREDICTIONS);
  const predictions = judgement?.predictions;
  if (predictions === undefined) removePath(file);
  else writeTextFile(file, predictions.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function intervalsOf(judgement: Judgement, seed: number) {
  return bootstrapIntervals(judgement.count, judgement.measure, (counter) => uniform(seed, counter), {
    resamples: 200,
  });
}

function runConfig({ options, recipe, data, start }: Omit<Work, "task">): RunConfig {
  const { columns, format, target, skipBadRows, tokenColumn, tagColumn, trainSplit, devSplit } = options;
  const reading = { columns, format, target, skipBadRows, tokenColumn, tagColumn, trainSplit, devSplit };
  const stated = Object.entries(reading).filter(([, value]) => value !== undefined);
  const sources = [...data.train.sources, ...(data.dev?.sources ?? [])];
  return {
    command: "fine-tune",
    options: {
      model: options.model,
      train: options.train,
      dev: options.dev ?? null,
      ...recipe,
      task: data.task,
      maxLength: start.maxLength,
      ...Object.fromEntries(stated),
    },
    data: sources.filter(({ file }, i) => sources.findIndex((other) => other.file === file) === i),
  };
}
