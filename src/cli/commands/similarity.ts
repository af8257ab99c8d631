import { InputError } from "../../errors.ts";
import { pairResults } from "../../search/pair-results.ts";
import type { Embedder } from "../../tasks/embedder.ts";
import type { Call, CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addModelFlag,
  addOutputFlag,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
} from "../flags.ts";
import { readRows, readTexts } from "../input.ts";
import { withEmbedder } from "../model.ts";
import { writeResults } from "../results.ts";
import { clip } from "../terminal.ts";
import { TruncationNote } from "../truncation-note.ts";

interface SimilarityFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags {}

interface Scored {
  readonly a: string;
  readonly b: string;
  readonly score: number;
}

export const similarity: CommandDefinition<SimilarityFlags> = {
  declare(command) {
    command
      .description(
        "Score how close texts are in meaning: { a, b, score } a pair. One text is compared with each other one, of " +
          "the arguments or of a file; without any, a file's pairs, by default its fields or columns a and b.",
      )
      .argument("[text]", "the text to compare")
      .argument("[other...]", "texts to compare it with");
    addModelFlag(command);
    addInputFlags(command);
    addOutputFlag(command);
  },
  examples: [
    'cloze similarity "A man plays a flute." "Someone makes music." "It rains."',
    'cloze similarity "how do bees make honey?" --input passages.txt',
    "cloze similarity --input pairs.tsv --column sentence1 --column sentence2 --output scores.jsonl",
  ],
  async run(call) {
    const { flags, terminal, reporter } = call;
    const pairs = readPairs(call);
    await withEmbedder(call, {}, async (embedder) => {
      const note = new TruncationNote();
      const results = score(embedder, pairs, call, note);
      await writeResults(results, { json: (scored) => scored, text: toText }, flags, terminal, reporter);
      note.say(reporter, embedder.maxLength);
    });
  },
};

function readPairs({
  positionals,
  flags,
  terminal,
  reporter,
}: Call<SimilarityFlags>): AsyncIterable<readonly string[]> {
  const [text, ...others] = positionals;
  if (text === undefined) {
    return readPairRows(flags, readRows(flags, ["a", "b"], terminal, reporter));
  }
  if (others.length === 0 && flags.input === undefined) {
    throw new InputError(`"${clip(text, 40)}" is compared with nothing. Pass another text, or --input FILE.`);
  }
  return besideOne(text, readTexts(others, flags, terminal, reporter));
}

async function* readPairRows(
  { input }: InputFlags,
  rows: AsyncIterable<readonly string[]>,
): AsyncGenerator<readonly string[]> {
  for await (const row of rows) {
    if (row.length !== 2) {
      throw new InputError(
        `"${input}" gives ${row.length} text a row; expected pairs. Name two fields or columns, or a text.`,
      );
    }
    yield row;
  }
}

async function* besideOne(text: string, others: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  for await (const other of others) yield [text, other];
}

/** Texts of all pairs go through the model in one stream; a text that stands in neighbouring pairs goes once. */
async function* score(
  embedder: Embedder,
  pairs: AsyncIterable<readonly string[]>,
  { terminal, reporter }: Call<SimilarityFlags>,
  note: TruncationNote,
): AsyncGenerator<Scored> {
  const options = { detail: true, signal: terminal.signal, onProgress: reporter.progress } as const;
  let first: { text: string; embedding: Float32Array } | undefined;
  for await (const [{ a, b, isSecond }, result] of pairResults(onceEach(pairs), (items) =>
    embedder.embed(textsOf(items), options),
  )) {
    note.see(result);
    const { embedding } = result;
    if (!isSecond) first = { text: a, embedding };
    else yield { a, b, score: embedder.similarity(first!.embedding, embedding) };
  }
}

interface PairItem {
  readonly a: string;
  readonly b: string;
  readonly isSecond: boolean;
}

async function* onceEach(pairs: AsyncIterable<readonly string[]>): AsyncGenerator<PairItem> {
  let before: string | undefined;
  for await (const [a = "", b = ""] of pairs) {
    if (a !== before) yield { a, b, isSecond: false };
    before = a;
    yield { a, b, isSecond: true };
  }
}

async function* textsOf(items: AsyncIterable<PairItem>): AsyncGenerator<string> {
  for await (const { a, b, isSecond } of items) yield isSecond ? b : a;
}

function toText({ a, b, score }: Scored): string {
  return `${score.toFixed(4).padStart(7)}  ${clip(a, 40)}  |  ${clip(b, 40)}`;
}
