import { commonConfig } from "../../checkpoints/config-reader.ts";
import { LabelSet } from "../../datasets/label-set.ts";
import { InputError } from "../../errors.ts";
import { crossEncoderPrompt } from "../../tasks/prompts.ts";
import { InputReader } from "../../tasks/read-input.ts";
import type { TrainingTask } from "../evaluate/evaluate-options.ts";
import { answerTask } from "./answer-task.ts";
import { choiceTask } from "./choice-task.ts";
import { ClassLabels } from "./class-labels.ts";
import { multiLabelTask, regressionTask, singleLabelTask } from "./classify-task.ts";
import { crfTask } from "./crf-task.ts";
import { embedTask } from "./embed-task.ts";
import { rankTask } from "./rank-task.ts";
import type { FullRecipe } from "./recipe.ts";
import type { StartingPoint } from "./starting-point.ts";
import { tagTask } from "./tag-task.ts";
import type { Split, Splits } from "./training-data.ts";
import type { TuningTask } from "./tuning-task.ts";

type Kind = Pick<Split, "name" | "input" | "target" | "statement">;

/** @throws InputError when the data are not for the task, or hold one class only. */
export async function chooseTask(
  { task, train: data, dev }: Splits,
  start: StartingPoint,
  recipe: FullRecipe,
): Promise<TuningTask> {
  const { rows } = data;
  const model = { tokenizer: start.tokenizer, maxLength: start.maxLength, layout: start.location.layout };
  const reader = new InputReader(model, { truncation: "truncate", prompt: crossEncoderPrompt(start.location.layout) });
  const labels = async () => new ClassLabels(await LabelSet.collect(rows, data.name), start.architecture.labels);
  if (recipe.crf && task !== "tag") throw new InputError(`crf is for tags; this is ${task}. Leave it out.`);
  switch (task) {
    case "tag":
      require(data, task, data.target === "tags", '"tokens" and "tags"');
      return tagsTask(reader, await labels(), start, recipe) as TuningTask;
    case "embed":
      return embedTask({ train: data, dev }, start, recipe) as TuningTask;
    case "rank":
      return rankTask({ train: data, dev }, reader, recipe) as TuningTask;
    case "classify":
      return classifyTask(data, reader, labels, recipe);
    case "answer":
      require(data, task, data.target === "answers", '"question", "context" and "answers"');
      return answerTask(model, { stride: recipe.stride ?? undefined }) as TuningTask;
    case "choice":
      require(data, task, data.input === "choices" && data.target === "label", '"text", "choices" and "label"');
      return choiceTask(rows, reader) as TuningTask;
  }
}

function tagsTask(
  reader: InputReader,
  classes: ClassLabels,
  { architecture, checkpoint }: StartingPoint,
  { wordTokens, crf }: FullRecipe,
) {
  const plain = tagTask(reader, classes, { wordTokens });
  if (!crf) return plain;
  if (wordTokens === "all") {
    throw new InputError('crf learns by the first tokens of words; wordTokens is "all". Pass one of them.');
  }
  const isSame = architecture.labels.join("\n") === classes.names.join("\n");
  return crfTask(plain, classes.names, isSame ? commonConfig.read(checkpoint.config).transitions : undefined);
}

async function classifyTask(
  data: Kind,
  reader: InputReader,
  labels: () => Promise<ClassLabels>,
  { labelSmoothing: smoothing, focalGamma: gamma, classWeights }: FullRecipe,
): Promise<TuningTask> {
  const isRead = data.input === "text" || data.input === "pair";
  const isLabelled = data.target === "label" || data.target === "labels" || data.target === "score";
  require(data, "classify", isRead && isLabelled, 'texts or pairs with "label", "labels" or "score"');
  if (data.target === "score") return regressionTask(reader) as TuningTask;
  const classes = await labels();
  if (data.target === "labels") return multiLabelTask(reader, classes) as TuningTask;
  const weights = classWeights === null ? undefined : classes.weights(classWeights);
  return singleLabelTask(reader, classes, { smoothing, gamma, weights }) as TuningTask;
}

function require(data: Kind, task: TrainingTask, isRight: boolean, expected: string): void {
  if (!isRight) throw new InputError(`${data.name} is read as ${data.statement}; to train ${task} takes ${expected}.`);
}
