import { Option } from "commander";
import { InputError } from "../../errors.ts";
import { pairResults } from "../../search/pair-results.ts";
import type { ClassificationOf } from "../../tasks/classifier.ts";
import { Classifier } from "../../tasks/classifier.ts";
import type { ScoreActivation } from "../../tasks/score-activation.ts";
import type { TextInput } from "../../tasks/text-pair.ts";
import { ZeroShotClassifier } from "../../tasks/zero-shot-classifier.ts";
import type { Call, CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addNamedModelFlag,
  addOutputFlag,
  addReadingFlags,
  appendList,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
  type ReadingFlags,
} from "../flags.ts";
import { readRows, readTexts } from "../input.ts";
import { withModel } from "../model.ts";
import { writeResults } from "../results.ts";
import { clip, hasStyles, onOneLine, type Terminal } from "../terminal.ts";
import { TruncationNote } from "../truncation-note.ts";

interface ClassifyFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags, ReadingFlags {
  readonly pair?: string;
  readonly labels?: readonly string[];
  readonly template?: string;
  readonly multiLabel?: true;
  readonly top?: number;
  readonly activation?: ScoreActivation;
}

type Classified = readonly [input: TextInput, result: ClassificationOf<true>];

/** Scores that people are shown unless they ask for a number. */
const SHOWN = 5;

export const classify: CommandDefinition<ClassifyFlags> = {
  declare(command) {
    command
      .description(
        "Say which label a text has: { text, pair?, label, score, scores } a text. Rows of two fields or columns are " +
          "pairs. With --labels a model of natural language inference says which of these labels fit.",
      )
      .argument("[text...]", "texts to classify");
    addNamedModelFlag(command);
    addInputFlags(command);
    command
      .option("--pair <text>", "a second text, read with each of the texts")
      .option("--labels <a,b>", "labels of your own, for a model of natural language inference", appendList)
      .option("--template <sentence>", 'with --labels: what is asked, {} is the label (default: "This example is {}.")')
      .option("--multi-label", "with --labels: several may fit, each is scored alone")
      .option("--top <n>", "scores to return, the highest (default: all)", positiveInteger)
      .addOption(
        new Option(
          "--activation <name>",
          "what makes scores of the model's numbers (default: as the model says)",
        ).choices(["softmax", "sigmoid", "none"]),
      );
    addReadingFlags(command);
    addOutputFlag(command);
  },
  examples: [
    'cloze classify --model models/sst-2 "A film without a single dull minute."',
    "cloze classify --model models/sst-2 --input reviews.csv --column review --output labels.jsonl",
    'cloze classify --model models/nli "It rains." --pair "The street is wet."',
    'cloze classify --model models/nli --labels sports,politics "The match ended in a draw."',
  ],
  async run(call) {
    const inputs = readInputs(call);
    if (call.flags.labels === undefined) await classifyByModel(call, inputs);
    else await classifyByLabels(call, inputs);
  },
};

/** Texts, or pairs where a row has two parts or `--pair` names the second. */
async function* readInputs({ positionals, flags, terminal, reporter }: Call<ClassifyFlags>): AsyncGenerator<TextInput> {
  const { input, field, column, pair } = flags;
  const names = field ?? column ?? ["text"];
  if (names.length === 1 || input === undefined || positionals.length > 0) {
    for await (const text of readTexts(positionals, flags, terminal, reporter)) {
      yield pair === undefined ? text : { text, pair };
    }
    return;
  }
  if (names.length > 2 || pair !== undefined) {
    const count = names.length + (pair === undefined ? 0 : 1);
    throw new InputError(`${count} texts a row are given; a model reads one or two. Name fewer fields or columns.`);
  }
  for await (const [text = "", second = ""] of readRows(flags, names, terminal, reporter)) yield { text, pair: second };
}

async function classifyByModel(call: Call<ClassifyFlags>, inputs: AsyncIterable<TextInput>): Promise<void> {
  const { template, multiLabel, activation, maxLength } = call.flags;
  if (template !== undefined || multiLabel) throw new InputError("--template and --multi-label are for --labels.");
  await withModel(Classifier, call, { maxLength }, (classifier) =>
    write(call, classifier.maxLength, inputs, (inputs) =>
      classifier.classify(inputs, { ...readingOf(call), activation, detail: true }),
    ),
  );
}

async function classifyByLabels(call: Call<ClassifyFlags>, inputs: AsyncIterable<TextInput>): Promise<void> {
  const { labels = [], template, multiLabel, activation, maxLength } = call.flags;
  if (activation !== undefined)
    throw new InputError("--activation is not for --labels, whose scores are probabilities.");
  await withModel(ZeroShotClassifier, call, { maxLength }, (classifier) =>
    write(call, classifier.maxLength, inputs, (inputs) =>
      classifier.classify(single(inputs), labels, { ...readingOf(call), template, multiLabel, detail: true }),
    ),
  );
}

function readingOf({ flags, terminal, reporter }: Call<ClassifyFlags>) {
  const { truncation, stride, top } = flags;
  return { truncation, stride, top, signal: terminal.signal, onProgress: reporter.progress };
}

async function* single(inputs: AsyncIterable<TextInput>): AsyncGenerator<string> {
  for await (const input of inputs) {
    if (typeof input !== "string")
      throw new InputError("With --labels each text is read with the labels, not with a pair.");
    yield input;
  }
}

async function write(
  { flags, terminal, reporter }: Call<ClassifyFlags>,
  maxLength: number,
  inputs: AsyncIterable<TextInput>,
  run: (inputs: AsyncIterable<TextInput>) => AsyncIterable<ClassificationOf<true>>,
): Promise<void> {
  const note = new TruncationNote();
  const text = (result: Classified) => toText(result, flags.top ?? SHOWN, terminal);
  await writeResults(note.watch(pairResults(inputs, run)), { json: toJson, text }, flags, terminal, reporter);
  note.say(reporter, maxLength);
}

function toJson([input, { label, score, scores }]: Classified): object {
  return { ...(typeof input === "string" ? { text: input } : input), label, score, scores };
}

/** The text, and below it the labels with their scores, the best one bold. */
function toText([input, { label, scores }]: Classified, count: number, terminal: Terminal): string {
  const text = typeof input === "string" ? clip(input, 76) : `${clip(input.text, 36)}  |  ${clip(input.pair, 36)}`;
  const entries = Object.entries(scores);
  const bold = (name: string) => (hasStyles(terminal.stdout, terminal) ? `\u001b[1m${name}\u001b[22m` : name);
  const lines = entries.slice(0, count).map(([name, score]) => {
    const shown = onOneLine(name);
    return `  ${score.toFixed(4).padStart(8)}  ${name === label ? bold(shown) : shown}`;
  });
  const more = entries.length > count ? [`            and ${entries.length - count} more`] : [];
  return [text, ...lines, ...more].join("\n");
}
