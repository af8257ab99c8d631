import type { Dataset } from "../../datasets/dataset.ts";
import { InputError } from "../../errors.ts";
import { TRAINING_TASKS, type TrainingTask } from "../evaluate/evaluate-options.ts";

/** What data are for when nobody says. @throws InputError when they have nothing to learn from. */
export function inferTask(
  data: Pick<Dataset, "name" | "input" | "target" | "statement">,
  asked: TrainingTask | undefined,
): TrainingTask {
  if (asked !== undefined && !TRAINING_TASKS.includes(asked)) {
    throw new InputError(`task is "${asked}"; expected ${TRAINING_TASKS.map((known) => `"${known}"`).join(", ")}.`);
  }
  if (asked !== undefined) return asked;
  if (data.input === "choices") return "choice";
  if (data.target === "tags") return "tag";
  if (data.target === "answers") return "answer";
  if (data.target === "scores") return "embed";
  if (data.target === "none" && data.input !== "pair" && data.input !== "triplet") {
    throw new InputError(
      `${data.name} is read as ${data.statement}: there is nothing to learn from. Name the target's column.`,
    );
  }
  return data.target === "none" ? "embed" : "classify";
}
