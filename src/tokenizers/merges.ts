import { TokenizerError } from "../errors.ts";
import { describeValue } from "./describe-value.ts";
import { MAX_MERGES } from "./merge-queue.ts";

/** Merges as `tokenizer.json` has them: pairs, or in older files lines such as "Ġ t". */
export function readMerges(value: unknown, origin: string): [string, string][] {
  if (!Array.isArray(value)) {
    throw new TokenizerError(`${origin}: expected an array of merges, got ${describeValue(value)}.`);
  }
  if (value.length > MAX_MERGES) {
    throw new TokenizerError(`${origin}: ${value.length} merges; at most ${MAX_MERGES} can be read.`);
  }
  const lines = typeof value[0] === "string" ? value.filter((line) => !isHeader(line)) : value;
  return lines.map((entry, rank) => readMerge(entry, rank, origin));
}

/** The lines of `merges.txt`; the first may say which version of the format it is. */
export function parseMergesFile(text: string, origin: string): [string, string][] {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (lines.at(-1) === "") lines.pop();
  return readMerges(lines, origin);
}

function isHeader(line: unknown): boolean {
  return typeof line === "string" && line.startsWith("#version");
}

function readMerge(entry: unknown, rank: number, origin: string): [string, string] {
  const parts: unknown = typeof entry === "string" ? entry.split(" ") : entry;
  if (Array.isArray(parts) && parts.length === 2 && typeof parts[0] === "string" && typeof parts[1] === "string") {
    return [parts[0], parts[1]];
  }
  throw new TokenizerError(`${origin}: merge ${rank} is ${describeValue(entry)}; expected two tokens, such as "t h".`);
}
