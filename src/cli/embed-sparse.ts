import { pairResults } from "../search/pair-results.ts";
import { SparseEmbedder, type SparseEmbeddingDetail } from "../tasks/sparse-embedder.ts";
import type { Call } from "./command-definition.ts";
import type { CommonFlags, ModelFlags, OutputFlags } from "./flags.ts";
import { withModel } from "./model.ts";
import { writeResults } from "./results.ts";
import { clip } from "./terminal.ts";
import { TruncationNote } from "./truncation-note.ts";

interface SparseFlags extends CommonFlags, ModelFlags, OutputFlags {
  readonly prompt?: string;
  readonly maxLength?: number;
  readonly truncation: "truncate" | "error";
  readonly top?: number;
}

type Embedded = readonly [text: string, result: SparseEmbeddingDetail];

/** Words that people are shown unless they ask for a number. */
const SHOWN = 8;

/** `cloze embed --sparse` */
export async function embedSparse(call: Call<SparseFlags>, texts: AsyncIterable<string>): Promise<void> {
  const { flags, terminal, reporter } = call;
  const { prompt, truncation, maxLength, top } = flags;
  await withModel(SparseEmbedder, call, { maxLength }, async (embedder) => {
    const options = {
      prompt,
      truncation,
      top,
      signal: terminal.signal,
      onProgress: reporter.progress,
      detail: true,
    } as const;
    const note = new TruncationNote();
    const results = note.watch(pairResults(texts, (texts) => embedder.embed(texts, options)));
    const text = (result: Embedded) => toText(result, top ?? SHOWN);
    await writeResults(results, { json: toJson, text }, flags, terminal, reporter);
    note.say(reporter, embedder.maxLength);
  });
}

function toJson([text, { embedding, tokens, truncated }]: Embedded): object {
  const words = embedding.map(({ index, token, weight }) => ({ index, token, weight: Number(weight.toPrecision(9)) }));
  return { text, embedding: words, tokens, truncated };
}

function toText([text, { embedding, tokens, truncated }]: Embedded, count: number): string {
  const words = embedding.slice(0, count).map(({ token, weight }) => `${clip(token, 30)} ${weight.toFixed(2)}`);
  const more = embedding.length > count ? ", ..." : "";
  return `${clip(text, 70)}\n  ${words.join(", ")}${more}\n  ${embedding.length} words, ${tokens} tokens${truncated ? ", cut" : ""}`;
}
