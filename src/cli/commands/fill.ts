import { pairResults } from "../../search/pair-results.ts";
import type { Filling } from "../../tasks/fill-options.ts";
import { MaskFiller } from "../../tasks/mask-filler.ts";
import type { CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addNamedModelFlag,
  addOutputFlag,
  addWholeTextFlags,
  appendList,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
  type WholeTextFlags,
} from "../flags.ts";
import { readTexts } from "../input.ts";
import { withModel } from "../model.ts";
import { writeResults } from "../results.ts";
import { table } from "../table.ts";
import { clip, onOneLine } from "../terminal.ts";

interface FillFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags, WholeTextFlags {
  readonly top?: number;
  readonly targets?: readonly string[];
  readonly wholeWords?: true;
  readonly joint?: true;
  readonly beam?: number;
}

type Filled = readonly [text: string, masks: readonly (readonly Filling[])[]];

export const fill: CommandDefinition<FillFlags> = {
  declare(command) {
    command
      .description(
        "Say which words fit where a text has a mask, spelled as the model spells it ([MASK], <mask>): " +
          "{ text, masks: [[{ id, token, text, score }]] } a text, a list for each mask.",
      )
      .argument("[text...]", "texts with masks");
    addNamedModelFlag(command);
    addInputFlags(command);
    command
      .option("--top <n>", "words for each mask (default: 5, or all of --targets)", positiveInteger)
      .option("--targets <a,b>", "words that may stand there, each one token of the model", appendList)
      .option("--whole-words", "neither pieces of words nor punctuation")
      .option("--joint", "fill the masks of a text together: the k-th words of its lists belong together")
      .option("--beam <n>", "with --joint: ways that are followed at once (default: 5)", positiveInteger);
    addWholeTextFlags(command);
    addOutputFlag(command);
  },
  examples: [
    'cloze fill --model models/bert-base-uncased "Paris is the [MASK] of France."',
    'cloze fill --model models/roberta-base "Paris is the <mask> of <mask>." --joint --whole-words',
    'cloze fill --model models/bert-base-uncased "The film was [MASK]." --targets good,bad',
    "cloze fill --model models/bert-base-uncased --input masked.txt --output filled.jsonl",
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const texts = readTexts(positionals, flags, terminal, reporter);
    const { top, targets, wholeWords, joint, beam, truncation, maxLength } = flags;
    await withModel(MaskFiller, call, { maxLength }, async (filler) => {
      const { signal } = terminal;
      const options = { top, targets, wholeWords, joint, beam, truncation, signal, onProgress: reporter.progress };
      const results = pairResults(texts, (texts) => filler.fill(texts, options));
      await writeResults(
        results,
        { json: ([text, masks]) => ({ text, masks }), text: toText },
        flags,
        terminal,
        reporter,
      );
    });
    return undefined;
  },
};

/** The text, and below it a table for each mask: probability, word, the sentence with it. */
function toText([text, masks]: Filled): string {
  const tables = masks.map((fillings, i) => {
    const rows = fillings.map(({ token, text, score }) => [score.toFixed(4), onOneLine(token), clip(text, 56)]);
    const title = masks.length === 1 ? [] : [`  mask ${i + 1} of ${masks.length}`];
    const found = rows.length === 0 ? "  no word fits" : table(rows, { right: [0], indent: 2 });
    return [...title, found].join("\n");
  });
  return [clip(text, 76), ...tables].join("\n");
}
