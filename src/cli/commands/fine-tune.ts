import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../../errors.ts";
import { TRAINING_TASKS } from "../../training/evaluate/evaluate-options.ts";
import { fineTune } from "../../training/fine-tune/fine-tune.ts";
import {
  type ClassWeights,
  EMBEDDING_LOSSES,
  type FineTuneRecipe,
  RANKING_LOSSES,
} from "../../training/fine-tune/fine-tune-options.ts";
import { fineTuneSeeds } from "../../training/fine-tune/fine-tune-seeds.ts";
import type { CommandDefinition } from "../command-definition.ts";
import { addDataFlags, type DataFlags } from "../data-flags.ts";
import {
  addProfileFlags,
  type CommonFlags,
  fractionBelowOne,
  numberFromZero,
  positiveInteger,
  positiveNumber,
  wholeNumber,
} from "../flags.ts";
import { addStepFlags, addUpdateFlags } from "../training-flags.ts";
import { writeSeeds } from "../write-seeds.ts";
import { writeTrained } from "../write-trained.ts";

interface FineTuneFlags extends CommonFlags, DataFlags, FineTuneRecipe {
  readonly model?: string;
  readonly train?: string;
  readonly dev?: string;
  readonly output?: string;
  readonly resume?: true;
  readonly recompute?: true;
  readonly checkpointEvery?: number;
  readonly seeds?: readonly number[];
}

export const fineTuneCommand: CommandDefinition<FineTuneFlags> = {
  declare(command) {
    command
      .description(
        "Tune a model to labelled rows and write a run folder: config.json, metrics.jsonl, checkpoints/, model/ (the best " +
          "by the dev metric), report.html. Prints { model, task, statement, steps, skipped, end, best }.",
      )
      .option("--model <where>", "a model's folder, or its id on the hub")
      .addOption(new Option("--task <name>", "what for (default: as the data say)").choices(TRAINING_TASKS))
      .option("--train <file>", "labelled rows to learn from, or a BEIR folder")
      .option("--dev <file>", "labelled rows to choose the best model by, or a BEIR folder")
      .option("--train-split <name>", "of a BEIR folder: which judgements (default: train)")
      .option("--dev-split <name>", "of a BEIR folder: which judgements (default: dev)")
      .option("--output <folder>", "the run's folder")
      .option("--resume", "go on with the run in that folder");
    addRecipeFlags(command);
    addTaskFlags(command);
    addDataFlags(command);
    addProfileFlags(command);
  },
  examples: [
    "cloze fine-tune --model models/MiniLM --train train.jsonl --dev dev.jsonl --output runs/reviews",
    "cloze fine-tune --model models/bert --task tag --train train.conll --dev dev.conll --output runs/names",
    "cloze fine-tune --model models/MiniLM --train train.jsonl --dev dev.jsonl --seeds 0 1 2 --output runs/seeds",
    "cloze fine-tune --model models/MiniLM --train a.csv --columns text=review,label=stars --output runs/a --resume",
  ],
  async run(call) {
    const { flags, terminal, reporter } = call;
    const { model, train, output, json: _, quiet: __, seed, seeds, ...recipe } = flags;
    if (model === undefined) throw new InputError("No model is given. Pass --model WHERE, a folder or an id.");
    if (train === undefined) throw new InputError("No data is given to learn from. Pass --train FILE.");
    if (output === undefined) throw new InputError("A run is written to a folder: pass --output FOLDER.");
    const options = {
      ...recipe,
      model,
      train,
      output,
      signal: terminal.signal,
      onProgress: reporter.progress,
      onNote: (note: string) => reporter.note(`${note}.`),
    };
    if (seeds === undefined) return writeTrained(await fineTune({ ...options, seed }), output, call);
    if (seed !== undefined) throw new InputError("--seed and --seeds are both given; pass one of them.");
    return writeSeeds(await fineTuneSeeds({ ...options, seeds }), output, call);
  },
};

function addRecipeFlags(command: Command): void {
  command
    .option("--epochs <n>", "times that the rows are read (default: 3)", positiveInteger)
    .option("--learning-rate <x>", "the highest (default: 5e-5)", positiveNumber)
    .option("--batch-size <n>", "rows of a step (default: 32)", positiveInteger)
    .option("--seed <n>", "of order, fresh weights and dropout (default: 0)", wholeNumber)
    .option("--seeds <n...>", "a run for each, in seed-N/; model/ is the best, seeds.json has means", appendSeeds)
    .option("--max-length <n>", "tokens to read of a text (default: as the model says)", positiveInteger);
  addStepFlags(command, "0.1");
  addUpdateFlags(command);
  command
    .option("--dropout <x>", "share of numbers dropped (default: as the model says, else 0.1)", fractionBelowOne)
    .option("--attention-dropout <x>", "the same of attention (default: as the model says)", fractionBelowOne)
    .addOption(new Option("--keep <which>", "the model to end with (default: best)").choices(["best", "last"]))
    .option("--evaluate-every <n>", "steps between measurements (default: an epoch's)", positiveInteger)
    .option("--checkpoint-every <n>", "steps between checkpoints (default: the same, at most 500)", positiveInteger)
    .option("--patience <n>", "stop after so many measurements without a better one", positiveInteger)
    .option("--head-only", "train what is not the encoder alone")
    .option("--freeze-layers <n>", "leave embeddings and the first layers as they are (default: 0)", wholeNumber)
    .option("--layer-decay <x>", "a layer's rate as a share of the one above (default: 1)", positiveNumber)
    .option(
      "--few-shot",
      "of a few texts a class: tune embeddings by contrast, then fit a head (epochs 1, rate 2e-5, batch 16)",
    )
    .option("--lora <rank>", "train matrices of that rank beside the encoder's linears instead", positiveInteger)
    .option("--lora-alpha <x>", "of LoRA: scale times rank (default: twice the rank)", positiveNumber)
    .option("--lora-targets <name...>", 'of LoRA: which linears, by the ends of names; "all" (default: query, value)')
    .option("--lora-dropout <x>", "of LoRA: share dropped of what is read (default: 0)", fractionBelowOne);
}

function addTaskFlags(command: Command): void {
  command
    .option("--label-smoothing <x>", "of classes: share of the target spread over all (default: 0)", fractionBelowOne)
    .option("--focal-gamma <n>", "of classes: power of the focal loss; 2 is usual (default: 0, none)", wholeNumber)
    .option("--class-weights <how>", "balanced: by the inverse of their share; or label=weight,...", classWeights)
    .option("--fit-scores", "of classes: fit the softmax's temperature, or each label's threshold, on the dev set")
    .addOption(new Option("--word-tokens <which>", "of tags: which learn (default: first)").choices(["first", "all"]))
    .option("--crf", "of tags: learn and find whole sequences, by a conditional random field")
    .option("--stride <n>", "of answers: tokens that neighbouring windows share (default: 128)", wholeNumber)
    .addOption(
      new Option("--loss <name>", "of embeddings or of rank (default: as the data say)").choices([
        ...EMBEDDING_LOSSES,
        ...RANKING_LOSSES,
      ]),
    )
    .option(
      "--mini-batch-size <n>",
      "of embeddings: rows to run at a time; the loss stays the batch's",
      positiveInteger,
    )
    .option("--teacher <where>", "of embeddings: a cross-encoder or embedder whose scores are learned")
    .option("--retriever <where>", "of rank: finds candidates and negatives (default: the default model)")
    .option("--candidates <n>", "of rank: documents that it finds for a query (default: 100)", positiveInteger)
    .option("--mine-negatives <n>", "of pairs: hard negatives to find for each (default: 0)", wholeNumber)
    .option("--mine-skip <n>", "of mining: the likest texts to pass over (default: 0)", wholeNumber)
    .option("--mine-within <n>", "of mining: places to take from (default: 100)", positiveInteger)
    .option("--mine-margin <x>", "of mining: how much less alike than the own text (default: 0)", numberFromZero)
    .option("--mine-relative-margin <x>", "of mining: the same as a share of its likeness (default: 0)", numberFromZero)
    .addOption(new Option("--mine-sampling <how>", "of mining (default: top)").choices(["top", "random"]))
    .option("--symmetric", "of the ranking loss: learn in both directions")
    .option("--scale <x>", "of losses of embeddings: multiplies likenesses (default: 20)", positiveNumber)
    .option("--margin <x>", "of triplet and contrastive: the distance to keep (default: 0.5)", positiveNumber)
    .option("--dimensions <n...>", "of embeddings: learn with their first numbers alone, too", appendIntegers);
}

/** A label may hold "=": its weight follows the last. */
function classWeights(value: string): ClassWeights {
  if (value === "balanced") return value;
  const pairs = value.split(",").map((pair) => {
    const at = pair.lastIndexOf("=");
    if (at < 1) throw new InvalidArgumentError('Expected "balanced", or LABEL=WEIGHT,... as in spam=4,news=0.5.');
    return [pair.slice(0, at).trim(), positiveNumber(pair.slice(at + 1))] as const;
  });
  return Object.fromEntries(pairs);
}

function appendSeeds(value: string, previous: readonly number[] | undefined): readonly number[] {
  return [...(previous ?? []), ...value.split(",").map(wholeNumber)];
}

function appendIntegers(value: string, previous: readonly number[] | undefined): readonly number[] {
  return [...(previous ?? []), positiveInteger(value)];
}
