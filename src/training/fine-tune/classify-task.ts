import type { DataRow } from "../../datasets/data-row.ts";
import type { InputReader } from "../../tasks/read-input.ts";
import { sigmoid, softmax } from "../../tasks/score-activation.ts";
import { type Judgement, judgeClasses, judgeLabelSets, judgeScores } from "../evaluate/judge.ts";
import { shownText, textInput } from "../evaluate/judge-rows.ts";
import { binaryLoss, labelLoss, squaredLoss } from "../losses/target-losses.ts";
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

const results: TuningTask<TargetExample, number[]>["results"] = ({ logits }, examples) =>
  matrixRows(logits as Float32Array, examples.length);

/** One label a row: cross-entropy. */
export function singleLabelTask(
  reader: InputReader,
  labels: ClassLabels,
  { smoothing, weights }: { readonly smoothing: number; readonly weights?: readonly number[] | undefined },
): TuningTask<TargetExample, number[]> {
  return {
    head: "sequence",
    losses: ({ head }) => [labelLoss("class", head.logits!, smoothing)],
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
        classWeights: weightsOf(examples, total),
      },
    }),
    results,
    judge: (examples, logits, rows) =>
      judgeClasses(
        labels.names,
        examples.map(({ targets }, i) => {
          return { text: shownText(rows[i]!), gold: targets[0]!, probabilities: softmax(logits[i]!) };
        }),
      ),
  };
}

/** Any number of labels a row: binary cross-entropy of each. */
export function multiLabelTask(reader: InputReader, labels: ClassLabels): TuningTask<TargetExample, number[]> {
  const chosen = (scores: readonly number[]) => labels.names.filter((_, k) => scores[k]! >= 0.5);
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
    judge: (examples, logits) =>
      judgeLabelSets(
        examples.map(({ targets }) => chosen(targets)),
        logits.map((row) => chosen(row.map(sigmoid))),
      ),
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
