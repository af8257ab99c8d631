import { Option } from "commander";
import { InputError } from "../../errors.ts";
import type { TagScheme } from "../../evaluation/tag-schemes.ts";
import { type Evaluation, evaluate } from "../../training/evaluate/evaluate.ts";
import { TRAINING_TASKS, type TrainingTask } from "../../training/evaluate/evaluate-options.ts";
import type { CommandDefinition } from "../command-definition.ts";
import { addDataFlags, type DataFlags } from "../data-flags.ts";
import { addNamedModelFlag, type CommonFlags, type ModelFlags, positiveInteger, positiveNumber, wholeNumber } from "../flags.ts"; // biome-ignore format: one
import { isForPeople } from "../results.ts";
import { table } from "../table.ts";
import { writeText } from "../terminal.ts";

interface EvaluateFlags extends CommonFlags, ModelFlags, DataFlags {
  readonly data?: string;
  readonly task?: TrainingTask;
  readonly split: string;
  readonly maxLength?: number;
  readonly threshold?: number;
  readonly scheme?: TagScheme;
  readonly top?: readonly number[];
  readonly retriever?: string;
  readonly candidates: number;
  readonly maxAnswerTokens: number;
  readonly resamples: number;
  readonly seed: number;
}

const SCHEMES: readonly TagScheme[] = ["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"];

export const evaluateCommand: CommandDefinition<EvaluateFlags> = {
  declare(command) {
    command
      .description(
        "Say how well a model does on labelled rows or on a BEIR folder: one object of metrics, such as { accuracy, " +
          "f1_macro, ... }, { f1, ... } of tags, { exact_match, f1 } of answers, { ndcg@10, ... } of rankings.",
      )
      .option("--data <file>", "labelled rows, or a BEIR folder");
    addNamedModelFlag(command);
    command
      .addOption(new Option("--task <name>", "what is judged (default: as data and model say)").choices(TRAINING_TASKS))
      .option("--split <name>", "of a BEIR folder: which judgements", "test")
      .option("--max-length <n>", "tokens to read of a text (default: as the model says)", positiveInteger)
      .option(
        "--threshold <p>",
        "of several labels: the probability from which one counts (default: as fitted, else 0.5)",
        positiveNumber,
      )
      .addOption(new Option("--scheme <name>", "of tags: count only what this scheme allows").choices(SCHEMES))
      .option("--top <n>", "of rankings: places that count, several with more flags (default: 10)", appendInteger)
      .option("--retriever <where>", "of rank: the embedder that finds the documents (default: the default model)")
      .option("--candidates <n>", "of rank: documents that it finds for a query", positiveInteger, 100)
      .option("--max-answer-tokens <n>", "of answers: their most tokens", positiveInteger, 30)
      .option("--resamples <n>", "for the confidence intervals; 0 for none", wholeNumber, 200)
      .option("--seed <n>", "of the resamples", wholeNumber, 0);
    addDataFlags(command);
  },
  examples: [
    "cloze evaluate --model models/sst-2 --data dev.jsonl --json",
    "cloze evaluate --model models/ner --data test.conll --scheme IOB2",
    "cloze evaluate --model models/all-MiniLM-L6-v2 --data beir/scifact --top 10 --top 100",
    "cloze evaluate --model models/reviews --data test.csv --columns text=review,label=stars",
  ],
  async run({ flags, terminal, reporter }) {
    const { model, data, json: _, quiet: __, ...options } = flags;
    if (model === undefined) throw new InputError("No model is given. Pass --model WHERE, a folder or an id.");
    if (data === undefined) throw new InputError("No data is given. Pass --data FILE, or a BEIR folder.");
    const evaluation = await evaluate({
      ...options,
      model,
      data,
      signal: terminal.signal,
      onProgress: reporter.progress,
    });
    reporter.clear();
    const text = isForPeople(flags, terminal) ? toText(evaluation) : JSON.stringify(evaluation.metrics);
    await writeText(terminal.stdout, `${text}\n`);
    return undefined;
  },
};

function appendInteger(value: string, previous: readonly number[] | undefined): readonly number[] {
  return [...(previous ?? []), positiveInteger(value)];
}

/** The main metric, then all of them, with their intervals. */
function toText({ task, statement, count, metrics, intervals, main }: Evaluation): string {
  const { name, value, interval } = main;
  const bounds = interval === undefined ? "" : `, 95 % interval ${percent(interval.low)} to ${percent(interval.high)}`;
  const rows = Object.entries(metrics).map(([metric, number]) => {
    const { low, high } = intervals[metric] ?? {};
    const between = low === undefined || high === undefined ? "" : `${low.toFixed(4)} to ${high.toFixed(4)}`;
    return [metric, number.toFixed(4), between];
  });
  return [`${task}: ${statement}, ${count} in all`, `${name} ${percent(value)}${bounds}`, table(rows)].join("\n");
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
