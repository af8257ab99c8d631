import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describeTokenizer } from "../../src/tokenizers/read-tokenizer.ts";
import { readTokenizerConfig } from "../../src/tokenizers/tokenizer-config.ts";
import { folderFiles } from "../../src/tokenizers/tokenizer-files.ts";
import type { Figure } from "../figure.ts";
import { interleave, median, speedup } from "../interleave.ts";
import { type Side, startNode } from "../side-process.ts";
import type { BenchSettings } from "../sides.ts";

/** The three kinds of tokenizers, by the published ones that are taken for them. */
const KINDS = { WordPiece: "bert-base-uncased", BPE: "roberta-base", Unigram: "t5-small" };
/** Characters of a text; about 26 and 210 words. */
const LENGTHS = [129, 1032];
const CHARACTERS = 250_000;
const FLOOR = 2;

const shared = resolve(fileURLToPath(new URL("../..", import.meta.url)), process.env.CLOZE_SHARED ?? "../shared");

type TokenizerSide = Side<readonly string[], { milliseconds: number; tokens: number }>;

/** How fast do texts become ids, on one thread, against @huggingface/tokenizers? Every text is a new one. */
export async function tokenizers({ repeats }: BenchSettings): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "cloze-bench-"));
  const figures: Figure[] = [];
  try {
    for (const [kind, name] of Object.entries(KINDS)) {
      await writeTokenizer(name, folder);
      for (const length of LENGTHS) figures.push(await compare(kind, folder, length, repeats));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return figures;
}

async function compare(kind: string, folder: string, length: number, repeats: number): Promise<Figure> {
  const [cloze, peer] = [await start("cloze", folder), await start("peer", folder)];
  const rounds = textRounds(length, repeats + 1);
  const counts: Record<"cloze" | "peer", number[]> = { cloze: [], peer: [] };
  const side =
    (name: "cloze" | "peer", { ask }: TokenizerSide) =>
    async () => {
      const { milliseconds, tokens } = await ask(rounds[counts[name].length]!);
      counts[name].push(tokens);
      return milliseconds;
    };
  const times = await interleave(repeats, { cloze: side("cloze", cloze), peer: side("peer", peer) });
  await Promise.all([cloze.stop(), peer.stop()]);
  if (counts.cloze.join() !== counts.peer.join())
    throw new Error(`${kind}: the sides differ in their numbers of tokens`);
  const { ratio, worst } = speedup(times.peer, times.cloze);
  const rate = (milliseconds: readonly number[]) =>
    (median(counts.cloze.slice(1)) / median(milliseconds) / 1000).toFixed(2);
  const detail = `peer ${rate(times.peer)}, cloze ${rate(times.cloze)} million tokens a second`;
  return { name: `${kind}, texts of ${length} characters`, value: ratio, unit: "x", floor: FLOOR, worst, detail };
}

/** Different texts for every round, so that nobody gains by remembering the last one. */
function textRounds(length: number, rounds: number): string[][] {
  const all = corpus();
  const count = Math.floor(CHARACTERS / length);
  if (all.length < rounds * count * length) throw new Error("there is too little text for so many repeats");
  return Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: count }, (_, i) => all.slice((round * count + i) * length, (round * count + i + 1) * length)),
  );
}

/** The abstracts of SciFact, one after another. */
function corpus(): string {
  const lines = gunzipSync(readFileSync(join(shared, "data/scifact/corpus.jsonl.gz")))
    .toString("utf8")
    .trim()
    .split("\n");
  return lines.map((line) => (JSON.parse(line) as { text: string }).text).join(" ");
}

/** The same tokenizer.json for both sides. */
async function writeTokenizer(name: string, folder: string): Promise<void> {
  const files = folderFiles(join(shared, "tokenizers", name));
  const description = await describeTokenizer(files, await readTokenizerConfig(files));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(description));
}

function start(side: "cloze" | "peer", folder: string): Promise<TokenizerSide> {
  return startNode(new URL("../programs/tokenize.mjs", import.meta.url), [side, folder]);
}
