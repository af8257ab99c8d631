import { createBackend } from "../../backends/choose.ts";
import { uniform } from "../../backends/random.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import { Dataset } from "../../datasets/dataset.ts";
import { isRetrievalFolder, openRetrieval } from "../../datasets/retrieval.ts";
import { InputError } from "../../errors.ts";
import type { Interval } from "../../evaluation/bootstrap.ts";
import { bootstrapIntervals } from "../../evaluation/bootstrap.ts";
import type { Metrics } from "../../evaluation/reports.ts";
import { Answerer } from "../../tasks/answerer.ts";
import { Classifier } from "../../tasks/classifier.ts";
import { Embedder } from "../../tasks/embedder.ts";
import type { LoadOptions } from "../../tasks/load-options.ts";
import { MultipleChoice } from "../../tasks/multiple-choice.ts";
import { Reranker } from "../../tasks/reranker.ts";
import { Tagger } from "../../tasks/tagger.ts";
import type { JudgedRow } from "../report/evaluation-sections.ts";
import { type EvaluateOptions, TRAINING_TASKS, type TrainingTask } from "./evaluate-options.ts";
import { isCrossEncoder } from "./is-cross-encoder.ts";
import type { Judgement } from "./judge.ts";
import { judgeReranker, judgeRetriever } from "./judge-retrieval.ts";
import { judgeAnswerer, judgeChooser, judgeClassifier, judgeSimilarity, judgeTagger } from "./judge-rows.ts";

/** How a model did. */
export interface Evaluation {
  readonly task: TrainingTask;
  /** What was read, for people: `single-label classification: "text" -> "label"`. */
  readonly statement: string;
  /** Rows, questions or queries. */
  readonly count: number;
  /** As the functions of `cloze/evaluation` name them. */
  readonly metrics: Metrics;
  /** Where each metric lies in 95 % of resamples of the rows; none of what is undefined on all of them. */
  readonly intervals: Readonly<Record<string, Interval>>;
  /** The metric that speaks for the whole, and where it lies in 95 % of resamples of the rows. */
  readonly main: { readonly name: string; readonly value: number; readonly interval?: Interval };
  /** Of single-label classification: what each row was taken for. */
  readonly predictions?: readonly JudgedRow[];
}

/**
 * Says how well a model does on labelled data: on a file of rows (labels, scores, tags, answers, choices), or on a BEIR
 * folder (rankings).
 *
 * @throws InputError when data or model are not there, do not fit each other, a label is none of the model's, or a row is
 *   bad (without `skipBadRows`); besides, what loading the model throws.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { task, resamples = 200, seed = 0 } = options;
  if (task !== undefined && !TRAINING_TASKS.includes(task)) {
    throw new InputError(`task is "${task}"; expected ${TRAINING_TASKS.map((known) => `"${known}"`).join(", ")}.`);
  }
  const backend = typeof options.backend === "object" ? options.backend : undefined;
  const opened = backend ?? (await createBackend(options.backend as string | undefined, { threads: options.threads }));
  try {
    const load = { ...loadOptions(options), backend: opened };
    const judged = await (isRetrievalFolder(options.data) ? judgeFolder(options, load) : judgeFile(options, load));
    const { metrics, main, count, measure, predictions } = judged.judgement;
    const drawn = (counter: number) => uniform(seed, counter);
    const intervals = resamples === 0 ? {} : bootstrapIntervals(count, measure, drawn, { resamples });
    const interval = intervals[main];
    return {
      task: judged.task,
      statement: judged.statement,
      count,
      metrics,
      intervals,
      main: { name: main, value: metrics[main]!, ...(interval === undefined ? {} : { interval }) },
      ...(predictions === undefined ? {} : { predictions }),
    };
  } finally {
    if (backend === undefined) await opened.close();
  }
}

interface Judged {
  readonly task: TrainingTask;
  readonly statement: string;
  readonly judgement: Judgement;
}

function loadOptions({ dtype, maxLength, signal, onProgress }: EvaluateOptions): LoadOptions {
  return { dtype, maxLength, signal, onProgress };
}

async function judgeFolder(options: EvaluateOptions, load: LoadOptions): Promise<Judged> {
  const { split = "test", top = [10], candidates = 100, signal, onProgress } = options;
  const wrong = top.find((places) => !Number.isInteger(places) || places < 1);
  if (wrong !== undefined || top.length === 0) {
    throw new InputError(`top is ${wrong ?? "empty"}; expected whole numbers, 1 or more.`);
  }
  const data = await openRetrieval(options.data, { split });
  const task = options.task ?? ((await isCrossEncoder(options.model, load)) ? "rank" : "embed");
  if (task !== "rank" && task !== "embed") {
    throw new InputError(
      `"${options.data}" is a collection for retrieval, which is for embed or rank; task is "${task}".`,
    );
  }
  const call = { top, signal, onProgress };
  const statement = `retrieval: ${data.queries.size} queries of the split "${split}"`;
  if (task === "embed") {
    const judgement = await using(Embedder, options.model, load, (model) => judgeRetriever(model, data, call));
    return { task, statement, judgement };
  }
  const judgement = await using(Reranker, options.model, load, (reranker) =>
    using(Embedder, options.retriever, { ...load, maxLength: undefined }, (retriever) =>
      judgeReranker(reranker, retriever, data, { ...call, candidates }),
    ),
  );
  return { task, statement: `${statement}, ${candidates} documents each`, judgement };
}

async function judgeFile(options: EvaluateOptions, load: LoadOptions): Promise<Judged> {
  const { columns, format, target, skipBadRows, tokenColumn, tagColumn } = options;
  const data = await Dataset.open(options.data, { columns, format, target, skipBadRows, tokenColumn, tagColumn });
  const task = options.task ?? (await inferTask(data, options, load));
  checkTarget(task, data);
  const rows: DataRow[] = [];
  for await (const row of data) rows.push(row);
  if (rows.length === 0) throw new InputError(`${data.name} holds no rows: the split is empty.`);
  const judgement = await judgeTask(task, rows, options, load);
  return { task, statement: data.statement, judgement };
}

function judgeTask(task: TrainingTask, rows: readonly DataRow[], options: EvaluateOptions, load: LoadOptions) {
  const { model } = options;
  switch (task) {
    case "tag":
      return using(Tagger, model, load, (tagger) => judgeTagger(tagger, rows, options));
    case "answer":
      return using(Answerer, model, load, (answerer) => judgeAnswerer(answerer, rows, options));
    case "choice":
      return using(MultipleChoice, model, load, (chooser) => judgeChooser(chooser, rows, options));
    case "embed":
      return using(Embedder, model, load, (embedder) => judgeSimilarity(embedder, rows, options));
    default:
      return using(Classifier, model, load, (classifier) => judgeClassifier(classifier, rows, options));
  }
}

/** By what the data say; scores of pairs are for either a regression or an embedder. */
async function inferTask(data: Dataset, options: EvaluateOptions, load: LoadOptions): Promise<TrainingTask> {
  if (data.input === "choices") return "choice";
  if (data.target === "tags") return "tag";
  if (data.target === "answers") return "answer";
  if (data.target === "score" && data.input === "pair")
    return (await isCrossEncoder(options.model, load)) ? "classify" : "embed";
  return "classify";
}

/** What each task needs of the data, by input and target. */
const NEEDS: { readonly [task in TrainingTask]: (data: Dataset) => boolean } = {
  classify: ({ input, target }) => (input === "text" || input === "pair") && isLabelled(target),
  tag: ({ input, target }) => input === "tokens" && target === "tags",
  answer: ({ input, target }) => input === "question" && target === "answers",
  choice: ({ input, target }) => input === "choices" && target === "label",
  embed: ({ input, target }) => input === "pair" && (target === "score" || target === "label"),
  rank: ({ input, target }) => input === "pair" && (target === "score" || target === "label"),
};

function isLabelled(target: string): boolean {
  return target === "label" || target === "labels" || target === "score";
}

function checkTarget(task: TrainingTask, data: Dataset): void {
  if (NEEDS[task](data)) return;
  const expected = {
    classify: 'texts or pairs with "label", "labels" or "score"',
    tag: '"tokens" and "tags"',
    answer: '"question", "context" and "answers"',
    choice: '"text", "choices" and "label"',
    embed: 'pairs with "score" or "label" (0 and 1), or a BEIR folder',
    rank: 'pairs with "score" or "label" (0 and 1), or a BEIR folder',
  }[task];
  throw new InputError(`${data.name} is read as ${data.statement}; to evaluate ${task} takes ${expected}.`);
}

/** Opens a model, works with it, and gives its memory back whatever happens. */
async function using<M extends { dispose(): Promise<void> }, R>(
  task: { load(where?: string, options?: LoadOptions): Promise<M> },
  where: string | undefined,
  options: LoadOptions,
  work: (model: M) => Promise<R>,
): Promise<R> {
  const model = await task.load(where, options);
  try {
    return await work(model);
  } finally {
    await model.dispose();
  }
}
