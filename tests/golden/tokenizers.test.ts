import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import type { TruncationStrategy } from "../../src/tokenizers/truncation.ts";
import { describeShared, readSharedJsonLines, sharedPath } from "../support/shared.ts";

/** A line of a golden file: offsets are code points. */
type Line =
  | {
      kind: "encode";
      text: string;
      ids: number[];
      offsets: number[][];
      words: (number | null)[];
      type_ids: number[];
      special?: number[];
    }
  | {
      kind: "pair";
      text: string;
      pair: string;
      strategy: string;
      max_length: number;
      stride: number;
      side: "left" | "right";
      error?: true;
      windows: Window[];
    }
  | { kind: "decode"; ids: number[]; text: string };

interface Window {
  ids: number[];
  type_ids: number[];
  offsets: number[][];
  sequence_ids: (number | null)[];
}

const NAMES = ["bert-base-uncased", "bert-base-cased", "bert-base-chinese", "bert-base-multilingual-cased"];

describe.each(NAMES)("%s gives what the reference gives", (name) => {
  const golden = `goldens/tokenizers/${name}.jsonl.gz`;

  describeShared("golden", golden, () => {
    const lines = readSharedJsonLines<Line>(golden);
    let tokenizer: Tokenizer;

    beforeAll(async () => {
      tokenizer = await Tokenizer.load(sharedPath("tokenizers", name));
    });

    it("encodes single texts", () => {
      for (const line of lines) {
        if (line.kind !== "encode") continue;
        const got = tokenizer.encode(line.text, { offsets: "codepoints" });
        const { ids, offsets, words, type_ids, special } = line;
        expect(
          {
            ids: [...got.ids],
            offsets: got.offsets,
            words: got.words,
            type_ids: [...got.typeIds],
            special: [...got.special],
          },
          JSON.stringify(line.text),
        ).toEqual({ ids, offsets, words, type_ids, special });
      }
    });

    it("encodes pairs, cut and in windows", () => {
      for (const line of lines) {
        if (line.kind !== "pair") continue;
        const encode = () =>
          tokenizer.encode(line.text, {
            pair: line.pair,
            maxLength: line.max_length,
            truncation: line.strategy.replace("_", "-") as TruncationStrategy,
            stride: line.stride,
            side: line.side,
            offsets: "codepoints",
          });
        if (line.error) {
          expect(encode, JSON.stringify(line.text)).toThrow(InputError);
          continue;
        }
        const windows = encode().windows.map((window) => ({
          ids: [...window.ids],
          type_ids: [...window.typeIds],
          offsets: window.offsets,
          sequence_ids: window.sequenceIds,
        }));
        expect(windows, JSON.stringify([line.text, line.pair])).toEqual(line.windows);
      }
    });

    it("decodes", () => {
      for (const line of lines) {
        if (line.kind === "decode") expect(tokenizer.decode(line.ids, { skipSpecial: true })).toBe(line.text);
      }
    });
  });
});
