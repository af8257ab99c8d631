import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import { type EncodeOptions, Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { folderFiles } from "../../src/tokenizers/tokenizer-files.ts";
import type { TruncationStrategy } from "../../src/tokenizers/truncation.ts";
import { describeShared, readSharedJsonLines, sharedPath } from "../support/shared.ts";

/** A line of a golden file; offsets are code points. */
type Line = EncodeLine | PairLine | DecodeLine;

interface EncodeLine {
  kind: "encode";
  text: string;
  ids: number[];
  offsets: number[][];
  words: (number | null)[];
  type_ids: number[];
  special?: number[];
}

/** Cut and in windows (or an error, where the reference itself fails), or whole. */
interface PairLine {
  kind: "pair";
  text: string;
  pair: string;
  strategy?: string;
  max_length?: number;
  stride?: number;
  side?: "left" | "right";
  error?: true;
  windows?: { ids: number[]; type_ids: number[]; offsets: number[][]; sequence_ids: (number | null)[] }[];
  ids?: number[];
  type_ids?: number[];
}

interface DecodeLine {
  kind: "decode";
  ids: number[];
  text: string;
}

const NAMES = [
  "bert-base-uncased",
  "bert-base-cased",
  "bert-base-chinese",
  "bert-base-multilingual-cased",
  "roberta-base",
  "gpt2",
  "modernbert-base",
  "t5-small",
  "albert-base-v2",
  "deberta-v3",
  "xlnet-base-cased",
];

/** Folders with a tokenizer.json and a SentencePiece model. */
const SENTENCE_PIECE_NAMES = ["xlm-roberta", "camembert", "llama", "big-bird"];

describe.each(NAMES)("%s gives what the reference gives", (name) => {
  const golden = `goldens/tokenizers/${name}.jsonl.gz`;
  describeShared("golden", golden, () => {
    checkGolden(golden, () => Tokenizer.load(sharedPath("tokenizers", name)));
  });
});

describe.each(SENTENCE_PIECE_NAMES)("%s (SentencePiece) gives what the reference gives", (name) => {
  const golden = `goldens/sentencepiece/${name}/expected.jsonl.gz`;
  const folder = sharedPath("goldens/sentencepiece", name);
  describeShared("from tokenizer.json", golden, () => {
    checkGolden(golden, () => Tokenizer.load(folder));
  });
  describeShared("from the model file alone", golden, () => {
    const { read } = folderFiles(folder);
    const files = { name: folder, read: (file: string) => (file === "tokenizer.json" ? undefined : read(file)) };
    checkGolden(golden, () => Tokenizer.load(files));
  });
});

function checkGolden(golden: string, load: () => Promise<Tokenizer>): void {
  const lines = readSharedJsonLines<Line>(golden);
  let tokenizer: Tokenizer;

  beforeAll(async () => {
    tokenizer = await load();
  });

  it("encodes single texts", () => {
    const encoded = lines.filter((line) => line.kind === "encode");
    expect(encoded.length).toBeGreaterThan(600);
    for (const { kind: _, text, ...expected } of encoded) {
      const got = tokenizer.encode(text, { offsets: "codepoints" });
      const special = expected.special === undefined ? {} : { special: [...got.special] };
      expect(
        { ids: [...got.ids], offsets: got.offsets, words: got.words, type_ids: [...got.typeIds], ...special },
        JSON.stringify(text),
      ).toEqual(expected);
    }
  });

  it("encodes pairs, cut and in windows", () => {
    const pairs = lines.filter((line) => line.kind === "pair");
    expect(pairs.length).toBeGreaterThan(20);
    for (const line of pairs) checkPair(tokenizer, line);
  });

  it("decodes", () => {
    const decoded = lines.filter((line) => line.kind === "decode");
    expect(decoded.length).toBeGreaterThan(100);
    for (const { ids, text } of decoded) expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(text);
  });
}

function checkPair(tokenizer: Tokenizer, line: PairLine): void {
  const encode = () =>
    tokenizer.encode(line.text, {
      pair: line.pair,
      offsets: "codepoints",
      ...(line.max_length === undefined ? {} : cutting(line)),
    });
  if (line.error) {
    expect(encode, JSON.stringify(line.text)).toThrow(InputError);
    return;
  }
  const windows = encode().windows.map((window) => ({
    ids: [...window.ids],
    type_ids: [...window.typeIds],
    offsets: window.offsets,
    sequence_ids: window.sequenceIds,
  }));
  const message = JSON.stringify([line.text, line.pair]);
  if (line.windows !== undefined) expect(windows, message).toEqual(line.windows);
  else expect(windows, message).toMatchObject([{ ids: line.ids, type_ids: line.type_ids }]);
}

function cutting({ max_length = 0, strategy = "", stride = 0, side = "right" }: PairLine): EncodeOptions {
  return { maxLength: max_length, truncation: strategy.replace("_", "-") as TruncationStrategy, stride, side };
}
