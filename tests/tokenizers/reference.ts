import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Encoding } from "../../src/tokenizers/encoding.ts";

export interface EncodeRequest {
  text: string;
  pair?: string;
  /** Default true. */
  addSpecialTokens?: boolean;
}

export interface DecodeRequest {
  ids: readonly number[];
  skipSpecial: boolean;
}

export interface ReferenceEncoding {
  ids: number[];
  /** Code points. */
  offsets: [number, number][];
  words: (number | null)[];
  typeIds: number[];
  special: number[];
}

/** What the reference makes of texts, with the tokenizer that a tokenizer.json describes. */
export function referenceEncodings(description: unknown, encode: readonly EncodeRequest[]): ReferenceEncoding[] {
  return run({ tokenizer: description, encode }).map((line) => {
    const [ids, offsets, words, typeIds, special] = line as [
      number[],
      [number, number][],
      (number | null)[],
      number[],
      number[],
    ];
    return { ids, offsets, words, typeIds, special };
  });
}

/** The texts that the reference makes of ids. */
export function referenceTexts(description: unknown, decode: readonly DecodeRequest[]): string[] {
  return run({ tokenizer: description, decode }) as string[];
}

/** An encoding in the same form; it has to have been made with offsets in code points. */
export function comparable(encoding: Encoding): ReferenceEncoding {
  const { ids, offsets, words, typeIds, special } = encoding;
  return { ids: [...ids], offsets, words, typeIds: [...typeIds], special: [...special] };
}

function run(request: unknown): unknown[] {
  const script = fileURLToPath(new URL("./reference-child.mjs", import.meta.url));
  const input = JSON.stringify(request, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  const output = execFileSync(process.execPath, [script], { input, maxBuffer: 2 ** 30, encoding: "utf8" });
  return output.split("\n").map((line) => JSON.parse(line));
}
