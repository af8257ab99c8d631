import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface ReferenceEncoding {
  ids: number[];
  /** Code points. */
  offsets: [number, number][];
  words: (number | null)[];
}

/** What the reference makes of texts, with the tokenizer that a tokenizer.json describes. */
export function referenceEncodings(description: unknown, texts: readonly string[]): ReferenceEncoding[] {
  const script = fileURLToPath(new URL("./reference-child.mjs", import.meta.url));
  const input = JSON.stringify({ tokenizer: description, texts }, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  const output = execFileSync(process.execPath, [script], { input, maxBuffer: 2 ** 30, encoding: "utf8" });
  return output.split("\n").map((line) => {
    const [ids, offsets, words] = JSON.parse(line);
    return { ids, offsets, words };
  });
}
