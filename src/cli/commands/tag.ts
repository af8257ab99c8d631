import { Option } from "commander";
import { pairResults } from "../../search/pair-results.ts";
import type { Aggregation } from "../../tasks/tagged-entities.ts";
import { type SplitText, Tagger, type TaggingDetail } from "../../tasks/tagger.ts";
import type { CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addNamedModelFlag,
  addOutputFlag,
  addReadingFlags,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  type ReadingFlags,
} from "../flags.ts";
import { readTexts } from "../input.ts";
import { withModel } from "../model.ts";
import { writeResults } from "../results.ts";
import { hasStyles, type Terminal, visible } from "../terminal.ts";
import { TruncationNote } from "../truncation-note.ts";

interface TagFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags, ReadingFlags {
  readonly aggregation: Aggregation;
  readonly constrained?: true;
  readonly words?: true;
}

type Tagged = readonly [input: string | SplitText, result: TaggingDetail];

/** Cyan, yellow, green, magenta, blue, red: one a label, in the order in which labels come. */
const COLOURS = [36, 33, 32, 35, 34, 31];

export const tag: CommandDefinition<TagFlags> = {
  declare(command) {
    command
      .description(
        "Find names, places, parts of speech, ...: { text, entities: [{ label, text, start, end, score }] } a text. Ranges " +
          "count UTF-16 units, as JavaScript does.",
      )
      .argument("[text...]", "texts to tag");
    addNamedModelFlag(command);
    addInputFlags(command);
    command
      .addOption(
        new Option("--aggregation <how>", "how tokens make entities: none is a label a token")
          .choices(["none", "simple", "first", "average", "max"])
          .default("first"),
      )
      .option("--constrained", "only sequences of labels that the scheme allows")
      .option("--words", "the texts are words with spaces between, which are kept");
    addReadingFlags(command, { truncation: "window", stride: "a quarter of --max-length" });
    addOutputFlag(command);
  },
  examples: [
    'cloze tag --model models/bert-base-NER "Ada Lovelace was born in London."',
    "cloze tag --model models/bert-base-NER --input reports.jsonl --field body --output entities.jsonl",
    'cloze tag --model models/bert-pos --aggregation none --words "We do n\'t know ."',
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const { aggregation, constrained, truncation, stride, maxLength } = flags;
    const texts = readTexts(positionals, flags, terminal, reporter);
    await withModel(Tagger, call, { maxLength }, async (tagger) => {
      const options = {
        aggregation,
        constrained,
        truncation,
        stride,
        signal: terminal.signal,
        onProgress: reporter.progress,
        detail: true,
      } as const;
      const note = new TruncationNote();
      const inputs = readInputs(texts, flags.words === true);
      const results = note.watch(pairResults(inputs, (inputs) => tagger.tag(inputs, options)));
      const highlighter = new Highlighter(terminal);
      await writeResults(results, { json: toJson, text: (it) => highlighter.toText(it) }, flags, terminal, reporter);
      note.say(reporter, tagger.maxLength);
    });
  },
};

async function* readInputs(texts: AsyncIterable<string>, areWords: boolean): AsyncGenerator<string | SplitText> {
  for await (const text of texts) yield areWords ? { words: text.split(/\s+/).filter((word) => word !== "") } : text;
}

function textOf(input: string | SplitText): string {
  return typeof input === "string" ? input : input.words.join(" ");
}

function toJson([input, { entities }]: Tagged): object {
  return { text: textOf(input), entities };
}

/** Shows a text with its entities in colour, or in brackets, each with its label. */
class Highlighter {
  readonly #hasStyles: boolean;
  readonly #colours = new Map<string, number>();

  constructor(terminal: Terminal) {
    this.#hasStyles = hasStyles(terminal.stdout, terminal);
  }

  toText([input, { entities }]: Tagged): string {
    const text = textOf(input);
    let at = 0;
    const parts = entities.map(({ label, start, end }) => {
      const before = visible(text.slice(at, start));
      at = end;
      return before + this.#mark(visible(text.slice(start, end)), visible(label));
    });
    return [...parts, visible(text.slice(at))].join("");
  }

  #mark(text: string, label: string): string {
    if (!this.#hasStyles) return label === "" ? `[${text}]` : `[${text} ${label}]`;
    const colour = this.#colours.get(label) ?? COLOURS[this.#colours.size % COLOURS.length]!;
    this.#colours.set(label, colour);
    return `\u001b[${colour}m${text}${label === "" ? "" : `\u001b[2m ${label}\u001b[22m`}\u001b[39m`;
  }
}
