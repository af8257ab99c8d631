import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const shared = resolve(root, process.env.CLOZE_SHARED ?? "../shared");

function rows<Row>(path: string): Row[] {
  const file = join(shared, "data", path);
  if (!existsSync(file))
    throw new Error(`${path} is not in the shared folder; set CLOZE_SHARED to the folder with data/`);
  const lines = gunzipSync(readFileSync(file)).toString("utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Row);
}

/** The first `count` different sentences of the STS benchmark's test set. */
export function sentences(count: number): string[] {
  const pairs = rows<{ text1: string; text2: string }>("stsb/test.jsonl.gz");
  return [...new Set(pairs.flatMap(({ text1, text2 }) => [text1, text2]))].slice(0, count);
}

/** The first `count` abstracts of SciFact, each with its title before it. */
export function abstracts(count: number): string[] {
  const documents = rows<{ title: string; text: string }>("scifact/corpus.jsonl.gz");
  return documents.slice(0, count).map(({ title, text }) => `${title} ${text}`);
}

/** Three sentences, then an abstract, and so on: 384 and 128 together, as texts of a real queue come in. */
export function mixedTexts(): string[] {
  const short = sentences(384);
  return abstracts(128).flatMap((abstract, index) => [...short.slice(3 * index, 3 * index + 3), abstract]);
}

export const shortText = "How do I train my own model?";
