import type { DataRow } from "../../datasets/data-row.ts";
import type { InputReader } from "../../tasks/read-input.ts";
import { choiceIndex, judgeChoices } from "../evaluate/judge-rows.ts";
import { groupLoss, groupMembers } from "../losses/group-losses.ts";
import { type Example, groupedScores, oneHot, type TuningTask } from "./tuning-task.ts";

/** A question with each of its choices, and which is right. */
export interface ChoiceExample extends Example {
  readonly right: number;
}

/** Multiple choice: softmax cross-entropy of a question's choices, each read with it. */
export function choiceTask(
  rows: readonly DataRow[],
  reader: InputReader,
): TuningTask<ChoiceExample, readonly number[]> {
  const most = rows.reduce((largest, { choices = [] }) => Math.max(largest, choices.length), 1);
  return {
    head: "choice",
    losses: ({ head }) => [groupLoss("choice", head.logits!, most)],
    outputs: ["logits"],
    config: {},
    main: "accuracy",
    isSeparable: true,
    example(row) {
      const { text = "", choices = [] } = row;
      const right = choiceIndex(row);
      const readings = choices.map((pair) => reader.read({ text, pair }));
      return {
        texts: readings.flatMap(({ windows }) => windows),
        length: readings.reduce((sum, { length }) => sum + length, 0),
        truncated: readings.some(({ truncated }) => truncated),
        weight: 1,
        right,
      };
    },
    targets(examples, total) {
      const counts = examples.map(({ texts }) => texts.length);
      return {
        groups: examples.length,
        extra: {
          choiceTargets: oneHot(
            examples.map(({ right }) => right),
            most,
          ),
          choiceWeights: Float32Array.from(examples, ({ weight }) => weight / total),
          ...groupMembers(counts, most),
        },
      };
    },
    results: ({ logits }, examples) => groupedScores(logits!, examples),
    judge: (_, scores, rows) =>
      judgeChoices(
        rows,
        scores.map((own) => own.indexOf(Math.max(...own))),
      ),
  };
}
