import { pairResults } from "../../search/pair-results.ts";
import type { PseudoLikelihood } from "../../tasks/fill-options.ts";
import { MaskFiller } from "../../tasks/mask-filler.ts";
import type { CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addNamedModelFlag,
  addOutputFlag,
  addWholeTextFlags,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  type WholeTextFlags,
} from "../flags.ts";
import { readTexts } from "../input.ts";
import { withModel } from "../model.ts";
import { writeResults } from "../results.ts";
import { table } from "../table.ts";
import { clip, onOneLine } from "../terminal.ts";

interface ScoreFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags, WholeTextFlags {}

type Scored = readonly [text: string, result: PseudoLikelihood];

/** Tokens that people are shown, those that fit least. */
const SHOWN = 5;

export const score: CommandDefinition<ScoreFlags> = {
  declare(command) {
    command
      .description(
        "Say how likely texts are by a masked language model, each token given all others: " +
          "{ text, score, tokens: [{ text, start, end, logProbability }] } a text. The score is the sum of the tokens'.",
      )
      .argument("[text...]", "texts to score");
    addNamedModelFlag(command);
    addInputFlags(command);
    addWholeTextFlags(command);
    addOutputFlag(command);
  },
  examples: [
    'cloze score --model models/bert-base-uncased "The cat sat on the mat." "The cat sit on the mat."',
    "cloze score --model models/bert-base-uncased --input sentences.txt --output scores.jsonl",
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const texts = readTexts(positionals, flags, terminal, reporter);
    const { truncation, maxLength } = flags;
    await withModel(MaskFiller, call, { maxLength }, async (filler) => {
      const options = { truncation, signal: terminal.signal, onProgress: reporter.progress };
      const results = pairResults(texts, (texts) => filler.score(texts, options));
      await writeResults(results, { json: toJson, text: toText }, flags, terminal, reporter);
    });
    return undefined;
  },
};

function toJson([text, { score, tokens }]: Scored): object {
  return { text, score, tokens };
}

/** The score and the text, and below it the tokens that fit least. */
function toText([text, { score, tokens }]: Scored): string {
  const least = tokens.toSorted((a, b) => a.logProbability - b.logProbability).slice(0, SHOWN);
  const rows = least.map(({ text, start, logProbability }) => [
    logProbability.toFixed(2),
    onOneLine(text),
    `at ${start}`,
  ]);
  const lines = rows.length === 0 ? [] : [table(rows, { right: [0], indent: 2 })];
  return [`${score.toFixed(4).padStart(10)}  ${clip(text, 64)}`, ...lines].join("\n");
}
