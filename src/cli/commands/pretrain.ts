import { type Command, Option } from "commander";
import { InputError } from "../../errors.ts";
import { pretrain } from "../../training/pretrain.ts";
import { PACKINGS } from "../../training/pretraining/corpus.ts";
import type { PretrainOptions } from "../../training/pretraining/pretrain-options.ts";
import { OBJECTIVES } from "../../training/pretraining/pretraining-tasks.ts";
import type { CommandDefinition } from "../command-definition.ts";
import { addDataFlags, type DataFlags } from "../data-flags.ts";
import {
  addProfileFlags,
  appendList,
  type CommonFlags,
  fractionBelowOne,
  positiveInteger,
  positiveNumber,
  wholeNumber,
} from "../flags.ts";
import { addStepFlags, addUpdateFlags } from "../training-flags.ts";
import { writeTrained } from "../write-trained.ts";

type Recipe = Omit<PretrainOptions, "corpus" | "output" | "steps" | "corpusWeights" | "resume" | keyof DataFlags>;

interface PretrainFlags extends CommonFlags, DataFlags, Pick<Recipe, Exclude<keyof Recipe, keyof CommonFlags>> {
  readonly corpus?: readonly string[];
  readonly corpusWeights?: readonly number[];
  readonly steps?: number;
  readonly output?: string;
  readonly resume?: true;
}

export const pretrainCommand: CommandDefinition<PretrainFlags> = {
  declare(command) {
    command
      .description(
        "Train an encoder on plain text, from scratch or going on from a model, and write a run folder: config.json, " +
          "metrics.jsonl, checkpoints/, model/ (the best by validation loss, as transformers reads it), report.html. " +
          "Prints { output, model, steps, skipped, best, end }.",
      )
      .option("--model <where>", "go on from a model: its folder, or its id on the hub")
      .option("--corpus <file...>", "data files to train on")
      .option("--dev <file...>", "data files to measure on")
      .option("--steps <n>", "steps in all", positiveInteger)
      .option("--output <folder>", "the run's folder")
      .option("--resume", "go on with the run in that folder");
    addShapeFlags(command);
    addObjectiveFlags(command);
    addBatchFlags(command);
    addOptimizerFlags(command);
    addDataFlags(command);
    addProfileFlags(command);
  },
  examples: [
    "cloze pretrain --architecture bert --layers 4 --hidden-size 256 --heads 4 --tokenizer tokenizer --corpus train.txt.gz --dev dev.txt --steps 10000 --output runs/small",
    "cloze pretrain --model models/bert --corpus notes.jsonl --columns text=body --objective whole-word --steps 2000 --output runs/notes",
    "cloze pretrain --architecture ernie --config shape.json --tokenizer tokenizer --corpus a.txt --objective knowledge,sentence-order=0.5 --steps 9000 --output runs/ernie --resume",
  ],
  async run(call) {
    const { flags, terminal, reporter } = call;
    const { corpus = [], steps, output, json: _, quiet: __, ...options } = flags;
    if (corpus.length === 0) throw new InputError("No corpus is given. Pass --corpus FILE, one or more.");
    if (steps === undefined) throw new InputError("How long to train is not given. Pass --steps N.");
    if (output === undefined) throw new InputError("A run is written to a folder: pass --output FOLDER.");
    const result = await pretrain({
      ...options,
      corpus,
      steps,
      output,
      signal: terminal.signal,
      onProgress: reporter.progress,
      onNote: (sentence) => reporter.note(sentence),
    });
    return writeTrained(result, output, call);
  },
};

function addShapeFlags(command: Command): void {
  command
    .option("--architecture <name>", "begin from scratch: bert, roberta, albert, ernie, electra, modernbert, ...")
    .option("--layers <n>", "blocks", positiveInteger)
    .option("--hidden-size <n>", "numbers of a token's vector", positiveInteger)
    .option("--heads <n>", "of attention", positiveInteger)
    .option("--feed-forward-size <n>", "inner size of a block (default: 4 times the hidden size)", positiveInteger)
    .option("--config <file>", "further keys of config.json, which stand above the shape")
    .option(
      "--tokenizer <folder>",
      "a tokenizer (default: the model's, whose words keep their vectors in another one)",
    );
}

function addObjectiveFlags(command: Command): void {
  const names = OBJECTIVES.join(", ");
  command
    .option("--objective <name,...>", `${names}; "+" joins two, "=" weighs (default: mlm)`, appendList)
    .option("--mask-rate <x>", "share of tokens to guess (default: 0.15)", fractionBelowOne)
    .option("--entities <file>", "names, one a line, for the last stage of knowledge")
    .option(
      "--generator-size <x>",
      "of replaced-tokens: the generator's share of the width (default: 0.25)",
      positiveNumber,
    )
    .option(
      "--replaced-weight <x>",
      "of replaced-tokens: weight of the discriminator's loss (default: 50)",
      positiveNumber,
    );
}

function addBatchFlags(command: Command): void {
  command
    .option(
      "--length <n>",
      "tokens of a row (default: 128); more than the model reads make it read so many",
      positiveInteger,
    )
    .addOption(new Option("--packing <how>", "how texts fill rows (default: documents)").choices(PACKINGS))
    .option("--batch-size <n>", "rows of a batch (default: 32)", positiveInteger)
    .option("--batch-tokens <n>", "tokens of a batch, instead", positiveInteger)
    .option("--accumulation <n>", "batches of a step (default: 1)", positiveInteger)
    .option("--corpus-weights <x,...>", "how often each file of the corpus is drawn from", appendNumbers)
    .option("--dev-rows <n>", "rows to measure on (default: 512)", positiveInteger);
}

function addOptimizerFlags(command: Command): void {
  command.option("--learning-rate <x>", "the highest (default: 5e-4, from a model 5e-5)", positiveNumber);
  addStepFlags(command, "0.06");
  command
    .option("--beta1 <x>", "of the optimizer (default: 0.9)", fractionBelowOne)
    .option("--beta2 <x>", "of the optimizer (default: 0.999, of stable-adamw and lion 0.99)", fractionBelowOne)
    .option("--epsilon <x>", "of the optimizer (default: 1e-8, of stable-adamw 1e-6)", positiveNumber);
  addUpdateFlags(command);
  command
    .option("--dropout <x>", "share of numbers dropped (default: 0)", fractionBelowOne)
    .option("--attention-dropout <x>", "the same of attention (default: as --dropout)", fractionBelowOne)
    .option("--seed <n>", "of order, masks, fresh weights and dropout (default: 0)", wholeNumber)
    .option("--evaluate-every <n>", "steps between measurements (default: a tenth of all)", positiveInteger)
    .option("--checkpoint-every <n>", "steps between checkpoints (default: the same)", positiveInteger)
    .option("--keep-checkpoints <n>", "checkpoints that stay on disk (default: 2)", positiveInteger)
    .option("--log-every <n>", "steps between lines of loss (default: 10)", positiveInteger)
    .option("--skip-limit <n>", "steps in a row that may be not finite (default: 10)", positiveInteger);
}

function appendNumbers(value: string, previous: readonly number[] | undefined): readonly number[] {
  return [...(previous ?? []), ...value.split(",").map(positiveNumber)];
}
