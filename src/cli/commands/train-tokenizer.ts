import { Option } from "commander";
import { InputError } from "../../errors.ts";
import { TOKENIZER_KINDS, type TokenizerKind } from "../../tokenizers/trainers/tokenizer-kinds.ts";
import { trainTokenizer } from "../../training/train-tokenizer.ts";
import type { CommandDefinition } from "../command-definition.ts";
import { addDataFlags, type DataFlags } from "../data-flags.ts";
import { type CommonFlags, positiveInteger } from "../flags.ts";
import { isForPeople } from "../results.ts";
import { writeText } from "../terminal.ts";

interface TrainTokenizerFlags extends CommonFlags, DataFlags {
  readonly corpus?: readonly string[];
  readonly output?: string;
  readonly kind: TokenizerKind;
  readonly vocabularySize: number;
  readonly lowercase?: true;
  readonly specialTokens?: readonly string[];
  readonly minFrequency: number;
  readonly limitAlphabet?: number;
  readonly continuingPrefix?: string;
  readonly maxLength: number;
}

/** What was written. */
interface Written {
  readonly output: string;
  readonly kind: TokenizerKind;
  /** Tokens in all. */
  readonly size: number;
  readonly texts: number;
  readonly words: number;
  readonly skipped: number;
}

export const trainTokenizerCommand: CommandDefinition<TrainTokenizerFlags> = {
  declare(command) {
    command
      .description(
        "Train a tokenizer on a corpus and write it as tokenizer.json and tokenizer_config.json: " +
          "{ output, kind, size, texts, words, skipped }. Files are lines of text, JSON Lines, CSV, TSV or Parquet; gzip or not.",
      )
      .option("--corpus <file...>", "data files to train on")
      .option("--output <folder>", "the folder to write to")
      .addOption(new Option("--kind <name>", "the family").choices(TOKENIZER_KINDS).default("word-piece"))
      .option("--vocabulary-size <n>", "tokens in all, special ones and characters counted", positiveInteger, 30_000)
      .option("--lowercase", "read everything in lower case; word-piece then drops accents, too")
      .option("--special-tokens <token...>", "special tokens beside those of the kind")
      .option("--min-frequency <n>", "what comes less often becomes no token", positiveInteger, 2)
      .option(
        "--limit-alphabet <n>",
        "characters that get tokens (default: 1000, or 99.95 % of the text)",
        positiveInteger,
      )
      .option("--continuing-prefix <mark>", "of word-piece: begins tokens that continue a word (default: ##)")
      .option("--max-length <n>", "most tokens of a text, as tokenizer_config.json says it", positiveInteger, 512);
    addDataFlags(command);
  },
  examples: [
    "cloze train-tokenizer --corpus corpus.txt.gz --output tokenizer --vocabulary-size 8000 --lowercase",
    "cloze train-tokenizer --kind byte-level --corpus a.jsonl b.jsonl --columns text=body --output tokenizer",
    'cloze train-tokenizer --kind unigram --corpus corpus.txt --special-tokens "[USER]" "[BOT]" --output tokenizer',
  ],
  async run({ flags, terminal, reporter }) {
    const { corpus = [], output, json: _, quiet: __, backend: ___, threads: ____, ...options } = flags;
    if (corpus.length === 0) throw new InputError("No corpus is given. Pass --corpus FILE, one or more.");
    if (output === undefined) throw new InputError("A tokenizer is written to a folder: pass --output FOLDER.");
    const trained = await trainTokenizer(corpus, {
      ...options,
      output,
      signal: terminal.signal,
      onProgress: reporter.progress,
    });
    reporter.clear();
    const { texts, words, forgotten, skipped, tokenizer } = trained;
    if (forgotten > 0) reporter.note(`${forgotten} rare words were not counted: there are too many different ones.`);
    const written: Written = { output, kind: options.kind, size: tokenizer.size, texts, words, skipped };
    const { output: ____output, ...printed } = flags;
    const text = isForPeople(printed, terminal) ? toText(written) : JSON.stringify(written);
    await writeText(terminal.stdout, `${text}\n`);
    return undefined;
  },
};

function toText({ output, kind, size, texts, words, skipped }: Written): string {
  const [tokens, read, different] = [size, texts, words].map((count) => count.toLocaleString("en"));
  const bad = skipped > 0 ? `, ${skipped} bad rows passed over` : "";
  return `Written: ${output} (${kind}, ${tokens} tokens from ${read} texts with ${different} different words${bad})`;
}
