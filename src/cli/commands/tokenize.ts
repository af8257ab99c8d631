import { Option } from "commander";
import { resolveWhere } from "../../checkpoints/default-model.ts";
import { InputError } from "../../errors.ts";
import type { Encoding } from "../../tokenizers/encoding.ts";
import type { OffsetUnit } from "../../tokenizers/offsets.ts";
import { type EncodeOptions, Tokenizer } from "../../tokenizers/tokenizer.ts";
import type { Call, CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addOutputFlag,
  type CommonFlags,
  type InputFlags,
  type OutputFlags,
  positiveInteger,
  wholeNumber,
} from "../flags.ts";
import { readRows, readTexts } from "../input.ts";
import { writeResults } from "../results.ts";
import { table } from "../table.ts";
import { clip } from "../terminal.ts";

interface TokenizeFlags extends CommonFlags, InputFlags, OutputFlags {
  readonly pair?: string;
  readonly maxLength?: number;
  readonly stride?: number;
  readonly offsets: OffsetUnit;
  readonly specials: "parse" | "text";
}

/** A text, its pair, and what they came to. */
interface Tokenized {
  readonly texts: readonly string[];
  readonly encoding: Encoding;
}

export const tokenize: CommandDefinition<TokenizeFlags> = {
  declare(command) {
    command
      .description("Show the tokens that a model reads: { ids, tokens, offsets, words, typeIds } a text.")
      .argument("<model>", "a model's folder, whose tokenizer files are enough, or its id on the hub")
      .argument("[text...]", "texts to tokenize");
    addInputFlags(command);
    command
      .option("--pair <text>", "a second text for each, as in question and passage")
      .option("--max-length <n>", "cut texts to this many tokens, special ones counted", positiveInteger)
      .option("--stride <n>", "with --max-length: windows over the whole text that share n tokens", wholeNumber)
      .addOption(
        new Option("--offsets <unit>", "what offsets count").choices(["utf16", "codepoints", "bytes"]).default("utf16"),
      )
      .addOption(
        new Option("--specials <reading>", 'whether "[MASK]" in a text is that token or plain text')
          .choices(["parse", "text"])
          .default("parse"),
      );
    addOutputFlag(command);
  },
  examples: [
    'cloze tokenize models/bert-base-uncased "A man is playing a flute."',
    'cloze tokenize models/bert-base-uncased "Who?" --pair "It was Ada." --json',
    "cloze tokenize models/bert-base-uncased --input texts.txt --max-length 128 --stride 32 > tokens.jsonl",
    "cloze tokenize models/bert-base-uncased --input pairs.tsv --column question --column passage",
  ],
  async run({ positionals, flags, terminal, reporter }) {
    if (flags.stride !== undefined && flags.maxLength === undefined) {
      throw new InputError("--stride is how far windows overlap; pass --max-length, their size, with it.");
    }
    const [model, ...texts] = positionals;
    const { folder, layout } = await resolveWhere(model, {
      weights: false,
      signal: terminal.signal,
      onProgress: reporter.progress,
    });
    const tokenizer = await Tokenizer.load(layout?.encoderFolder ?? folder);
    const options = encodeOptions(flags);
    const cut = { count: 0 };
    const results = tokenizeAll(tokenizer, rowsOf(texts, { flags, terminal, reporter }), options, cut);
    const forms = { json: (result: Tokenized) => toJson(result.encoding, flags.stride !== undefined), text: toText };
    await writeResults(results, forms, flags, terminal, reporter);
    if (cut.count > 0 && flags.stride === undefined) {
      const texts = cut.count === 1 ? "1 text was" : `${cut.count} texts were`;
      reporter.note(`${texts} cut to ${flags.maxLength} tokens; --stride N gives windows over all of a text.`);
    }
  },
};

function encodeOptions({ maxLength, stride, offsets, specials }: TokenizeFlags): EncodeOptions {
  return {
    offsets,
    specialTokens: specials,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(stride === undefined ? {} : { stride }),
  };
}

/** Texts, or pairs: of `--pair`, or of two fields or columns. */
async function* rowsOf(
  texts: readonly string[],
  { flags, terminal, reporter }: Pick<Call<TokenizeFlags>, "flags" | "terminal" | "reporter">,
): AsyncGenerator<readonly string[]> {
  const names = flags.field ?? flags.column ?? [];
  if (names.length > 2 || (names.length === 2 && flags.pair !== undefined)) {
    throw new InputError("A tokenizer reads one text or two; more fields, columns or --pair texts are given.");
  }
  if (names.length === 2) {
    yield* readRows(flags, names, terminal, reporter);
    return;
  }
  for await (const text of readTexts(texts, flags, terminal, reporter)) {
    yield flags.pair === undefined ? [text] : [text, flags.pair];
  }
}

async function* tokenizeAll(
  tokenizer: Tokenizer,
  rows: AsyncIterable<readonly string[]>,
  options: EncodeOptions,
  cut: { count: number },
): AsyncGenerator<Tokenized> {
  for await (const texts of rows) {
    const [text, pair] = texts;
    const encoding = tokenizer.encode(text!, pair === undefined ? options : { ...options, pair });
    if (encoding.truncated) cut.count++;
    yield { texts, encoding };
  }
}

function toJson(encoding: Encoding, hasWindows: boolean): object {
  const line = lineOf(encoding);
  return hasWindows ? { ...line, windows: encoding.windows.map(lineOf) } : line;
}

function lineOf({ ids, tokens, offsets, words, typeIds }: Encoding): object {
  return { ids: [...ids], tokens, offsets, words, typeIds: [...typeIds] };
}

function toText({ encoding }: Tokenized): string {
  const windows = encoding.windows.map((window) => {
    const { ids, tokens, offsets, words, special } = window;
    const rows = tokens.map((token, i) => {
      const [start, end] = offsets[i]!;
      return [
        String(i),
        clip(token, 40),
        String(ids[i]),
        special[i] === 1 ? "" : `${start}-${end}`,
        String(words[i] ?? ""),
      ];
    });
    return table([["", "token", "id", "offsets", "word"], ...rows], { right: [0, 2] });
  });
  return `${windows.join("\n\n")}\n`;
}
