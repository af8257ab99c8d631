import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import type { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { trainTokenizer } from "../../src/training/train-tokenizer.ts";
import { describeShared } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { trainPeer } from "../support/train-peer.ts";

const linesOf = (file: string) => gunzipSync(readFileSync(file)).toString("utf8").split("\n");

function countTokens(tokenizer: Tokenizer, texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + tokenizer.encode(text, { addSpecialTokens: false }).ids.length, 0);
}

async function* stream(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

describeShared("trained on Wikipedia", "data/enwiki-2018-sample", (folder) => {
  const unseen = linesOf(join(folder, "valid.txt.gz")).filter(Boolean);

  // Only these trainers of npm's package do the same work without options.
  it.each(["word-piece", "byte-level"] as const)("%s needs no more tokens than npm's tokenizers", async (kind) => {
    const seen = linesOf(join(folder, "train-1.txt.gz")).slice(0, 4000).filter(Boolean);
    const { files, tokenizer } = await trainTokenizer(stream(seen), { kind, lowercase: true, minFrequency: 1 });
    const peer = await trainPeer(files["tokenizer.json"], `${seen.join("\n")}\n`, temporaryFolder());
    expect(countTokens(tokenizer, unseen) / (await peer.count(unseen))).toBeLessThanOrEqual(1.01);
  });

  // Tokens a word that tokenizers 0.23.3 of PyPI reaches with the same lines, sizes and pipelines, all else by default.
  it.each([
    ["byte-pair", 30_000, Number.POSITIVE_INFINITY, 1.3384],
    ["unigram", 8_000, 4000, 1.6405],
  ] as const)("%s needs no more tokens than recorded", async (kind, vocabularySize, count, recorded) => {
    const seen = ["train-1.txt.gz", "train-2.txt.gz"].flatMap((name) => linesOf(join(folder, name))).slice(0, count);
    const { tokenizer } = await trainTokenizer(stream(seen), { kind, vocabularySize, lowercase: true });
    const words = unseen.reduce((sum, text) => sum + text.split(/\s+/).length, 0);
    expect(countTokens(tokenizer, unseen) / words).toBeLessThanOrEqual(1.01 * recorded);
  });
});
