import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Tokenizer } from "../src/tokenizers/tokenizer.ts";
import { TOKENIZER_KINDS, type TokenizerKind } from "../src/tokenizers/trainers/tokenizer-kinds.ts";
import { trainTokenizer } from "../src/training/train-tokenizer.ts";
import { trainPeer } from "../tests/support/train-peer.ts";

/**
 * Trains each kind of tokenizer on English Wikipedia with Cloze and with npm's `tokenizers`, around the same normalizer
 * and pre-tokenizer, and prints seconds, memory and tokens a word of text that neither has seen:
 *
 *     npx tsx scripts/compare-tokenizer-training.ts [kind...] [--without-peer]
 *
 * The peer does the same work in word-piece and byte-level alone (see trainPeer).
 */
const shared = process.env.CLOZE_SHARED ?? fileURLToPath(new URL("../../shared", import.meta.url));
const data = join(shared, "data/enwiki-2018-sample");
if (!existsSync(data)) {
  console.log(`skipped: the Wikipedia sample is not in ${data} (set CLOZE_SHARED)`);
  process.exit(0);
}
const asked = TOKENIZER_KINDS.filter((kind) => process.argv.includes(kind));
const folder = fileURLToPath(new URL("../build/tokenizer-training", import.meta.url));
mkdirSync(folder, { recursive: true });

const files = ["train-1.txt.gz", "train-2.txt.gz"].map((name) => join(data, name));
const unpack = (file: string) => gunzipSync(readFileSync(file)).toString("utf8");
const unseen = unpack(join(data, "valid.txt.gz")).split("\n").filter(Boolean);
const words = unseen.reduce((sum, line) => sum + line.split(/\s+/).length, 0);

for (const kind of asked.length > 0 ? asked : TOKENIZER_KINDS) await compare(kind);

async function compare(kind: TokenizerKind): Promise<void> {
  const began = performance.now();
  const trained = await trainTokenizer(files, { kind, lowercase: true });
  const seconds = (performance.now() - began) / 1000;
  tell(kind, "Cloze", seconds, countTokens(trained.tokenizer), trained.tokenizer.size);
  if (kind === "byte-pair" || kind === "unigram" || process.argv.includes("--without-peer")) return;
  const peer = await trainPeer(trained.files["tokenizer.json"], files.map(unpack).join(""), folder);
  tell(kind, "tokenizers", peer.seconds, await peer.count(unseen), peer.size);
}

function countTokens(tokenizer: Tokenizer): number {
  return unseen.reduce((sum, line) => sum + tokenizer.encode(line, { addSpecialTokens: false }).ids.length, 0);
}

function tell(kind: TokenizerKind, who: string, seconds: number, tokens: number, size: number): void {
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${kind.padEnd(10)}  ${who.padEnd(10)}  ${seconds.toFixed(1).padStart(6)} s  ${String(size).padStart(6)} tokens  ` +
      `${(tokens / words).toFixed(4)} tokens a word  ${peak} MiB at most so far`,
  );
}
