import type { DataRow } from "../../datasets/data-row.ts";
import { fitTemperature } from "../../evaluation/fit-temperature.ts";
import { fitThreshold } from "../../evaluation/fit-threshold.ts";
import { indexOfLargest } from "../../tasks/choose-tags.ts";
import type { InputReader } from "../../tasks/read-input.ts";
import { sigmoid, softmax } from "../../tasks/score-activation.ts";
import { type Judgement, judgeClasses, judgeLabelSets, judgeScores } from "../evaluate/judge.ts";
import { shownText, textInput } from "../evaluate/judge-rows.ts";
import { binaryLoss, focalLoss, labelLoss, squaredLoss } from "../losses/target-losses.ts";
import type { ClassLabels } from "./class-labels.ts";
import { type Example, matrixRows, type TuningTask } from "./tuning-task.ts";

/** A text or pair with what is to be said of it: a class, a number, or 0 and 1 for each of several labels. */
export interface TargetExample extends Example {
  readonly targets: readonly number[];
}

/** Reads the text or pair of a row. */
export function readText(reader: InputReader, row: DataRow): Omit<Example, "weight"> {
  const { windows, length, truncated } = reader.read(textInput(row));
  return { texts: windows, length, truncated };
}

/** Weights of the mean, and the numbers that stand for each row. */
function weightsOf(examples: readonly TargetExample[], total: number): Float32Array {
  return Float32Array.from(examples, ({ weight }) => weight / total);
}

/** 1 for each class that is not the row's [R, C] */
function othersOf(examples: readonly TargetExample[], classes: number): Float32Array {
  const others = new Float32Array(examples.length * classes).fill(1);
  for (const [row, { targets }] of examples.entries()) others[row * classes + targets[0]!] = 0;
  return others;
}

const results: TuningTask<TargetExample, number[]>["results"] = ({ logits }, examples) =>
  matrixRows(logits as Float32Array, examples.length);

/** How classes are learned: `gamma` of the focal loss, 0 for plain cross-entropy; what a row of each class counts. */
export interface ClassLoss {
  readonly smoothing: number;
  readonly gamma: number;
  readonly weights?: readonly number[] | undefined;
}

/** One label a row: cross-entropy, or the focal loss. */
export function singleLabelTask(
  reader: InputReader,
  labels: ClassLabels,
  { smoothing, gamma, weights }: ClassLoss,
): TuningTask<TargetExample, number[]> {
  return {
    head: "sequence",
    losses: ({ head: { logits } }) => [
      gamma === 0 ? labelLoss("class", logits!, smoothing) : focalLoss("class", logits!, gamma, smoothing),
    ],
    outputs: ["logits"],
    config: { ...labels.config, problem_type: "single_label_classification" },
    main: "accuracy",
    isSeparable: true,
    example(row) {
      const index = labels.index(row.label!, row.where);
      return { ...readText(reader, row), targets: [index], weight: weights?.[index] ?? 1 };
    },
    targets: (examples, total) => ({
      extra: {
        classLabels: Int32Array.from(examples, ({ targets }) => targets[0]!),
        ...(gamma > 0 && { classOthers: othersOf(examples, labels.names.length) }),
        classWeights: weightsOf(examples, total),
      },
    }),
    results,
    fitScores: (examples, logits) => ({ temperature: temperatureOf(examples, logits) }),
    judge: (examples, logits, rows, { temperature } = {}) =>
      judgeClasses(
        labels.names,
        examples.map(({ targets }, i) => {
          return { text: shownText(rows[i]!), gold: targets[0]!, probabilities: softmax(logits[i]!, temperature) };
        }),
      ),
  };
}

/** 1 where every row is right: any larger logits would be better still, and the fit has no end. */
function temperatureOf(examples: readonly TargetExample[], logits: readonly (readonly number[])[]): number {
  if (examples.every(({ targets }, i) => indexOfLargest(logits[i]!) === targets[0])) return 1;
  return fitTemperature(
    examples.map(({ targets }) => targets[0]!),
    logits,
  );
}

const HALF = 0.5;

/** That of the best F1; half where the rows have none of the label, or where all of them are below. */
function thresholdOf(examples: readonly TargetExample[], logits: readonly (readonly number[])[], k: number): number {
  const { threshold, f1 } = fitThreshold(
    examples.map(({ targets }) => targets[k]!),
    logits.map((row) => sigmoid(row[k]!)),
  );
  return f1 === 0 ? HALF : threshold;
}

/** Any number of labels a row: binary cross-entropy of each. */
export function multiLabelTask(reader: InputReader, labels: ClassLabels): TuningTask<TargetExample, number[]> {
  const chosen = (scores: readonly number[], thresholds?: readonly number[]) =>
    labels.names.filter((_, k) => scores[k]! >= (thresholds?.[k] ?? HALF));
  const judge = (examples: readonly TargetExample[], logits: readonly number[][], thresholds?: readonly number[]) =>
    judgeLabelSets(
      examples.map(({ targets }) => chosen(targets)),
      logits.map((row) => chosen(row.map(sigmoid), thresholds)),
    );
  return {
    head: "sequence",
    losses: ({ head }) => [binaryLoss("class", head.logits!)],
    outputs: ["logits"],
    config: { ...labels.config, problem_type: "multi_label_classification" },
    main: "f1_micro",
    isSeparable: true,
    example(row) {
      const own = new Set(row.labels!.map((label) => labels.index(label, row.where)));
      return { ...readText(reader, row), targets: labels.names.map((_, k) => Number(own.has(k))), weight: 1 };
    },
    targets: (examples, total) => ({
      extra: {
        classTargets: Float32Array.from(examples.flatMap(({ targets }) => targets)),
        classWeights: weightsOf(examples, total),
      },
    }),
    results,
    fitScores(examples, logits) {
      const thresholds = labels.names.map((_, k) => thresholdOf(examples, logits, k));
      const score = (each?: readonly number[]) => judge(examples, logits, each).metrics.f1_micro!;
      // A rare label's best threshold may let in more than it is worth to all labels together.
      return { thresholds: score(thresholds) >= score() ? thresholds : thresholds.map(() => HALF) };
    },
    judge: (examples, logits, _, { thresholds } = {}) => judge(examples, logits, thresholds),
  };
}

/** A number a row: squared error. */
export function regressionTask(reader: InputReader): TuningTask<TargetExample, number[]> {
  return {
    head: "sequence",
    losses: ({ head }) => [squaredLoss("score", head.logits!)],
    outputs: ["logits"],
    config: { id2label: { "0": "score" }, label2id: { score: 0 }, problem_type: "regression" },
    main: "spearman",
    isSeparable: true,
    example: (row) => ({ ...readText(reader, row), targets: [row.score!], weight: 1 }),
    targets: (examples, total) => ({
      extra: {
        scoreTargets: Float32Array.from(examples, ({ targets }) => targets[0]!),
        scoreWeights: weightsOf(examples, total),
      },
    }),
    results,
    judge: (examples, logits): Judgement =>
      judgeScores(
        examples.map(({ targets }) => targets[0]!),
        logits.map(([score]) => score!),
        { sameScale: true },
      ),
  };
}
