import { Option } from "commander";
import { pairResults } from "../../search/pair-results.ts";
import type { EmbeddingDetail } from "../../tasks/embedder-options.ts";
import type { CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addModelFlag,
  addOutputFlag,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
} from "../flags.ts";
import { readTexts } from "../input.ts";
import { withEmbedder } from "../model.ts";
import { shortNumbers, writeResults } from "../results.ts";
import { clip } from "../terminal.ts";
import { TruncationNote } from "../truncation-note.ts";

interface EmbedFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags {
  readonly prompt?: string;
  readonly dimensions?: number;
  readonly maxLength?: number;
  readonly truncation: "truncate" | "error";
}

type Embedded = readonly [text: string, result: EmbeddingDetail];

export const embed: CommandDefinition<EmbedFlags> = {
  declare(command) {
    command
      .description("Turn texts into vectors: { text, embedding, tokens, truncated } a text.")
      .argument("[text...]", "texts to embed");
    addModelFlag(command);
    addInputFlags(command);
    command
      .option("--prompt <name>", "what the texts are: query, document, or another prompt of the model")
      .option("--dimensions <n>", "keep the first n numbers (Matryoshka models)", positiveInteger)
      .option("--max-length <n>", "tokens to read of a text (default: as the model says)", positiveInteger)
      .addOption(
        new Option("--truncation <what>", "what to do with longer texts")
          .choices(["truncate", "error"])
          .default("truncate"),
      );
    addOutputFlag(command);
  },
  examples: [
    'cloze embed "hello"',
    "cloze embed --input texts.txt --output vectors.jsonl",
    "cat rows.jsonl | cloze embed --input - --field body --prompt document | head -1",
    'cloze embed --model models/bge-small-en-v1.5 --prompt query "how do bees make honey?"',
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const texts = readTexts(positionals, flags, terminal, reporter);
    const { prompt, dimensions, truncation, maxLength } = flags;
    await withEmbedder(call, { maxLength }, async (embedder) => {
      const options = { prompt, dimensions, truncation, signal: terminal.signal, onProgress: reporter.progress };
      const note = new TruncationNote();
      const results = noted(
        pairResults(texts, (texts) => embedder.embed(texts, { ...options, detail: true })),
        note,
      );
      await writeResults(results, { json: toJson, text: toText }, flags, terminal, reporter);
      note.say(reporter, embedder.maxLength);
    });
  },
};

async function* noted(results: AsyncIterable<Embedded>, note: TruncationNote): AsyncGenerator<Embedded> {
  for await (const result of results) {
    note.see(result[1]);
    yield result;
  }
}

function toJson([text, { embedding, tokens, truncated }]: Embedded): object {
  return { text, embedding: shortNumbers(embedding), tokens, truncated };
}

/** The first numbers: enough to see that there are some, and to compare with a model card. */
function toText([text, { embedding, tokens, truncated }]: Embedded): string {
  const first = Array.from(embedding.subarray(0, 6), (number) => number.toFixed(4));
  const read = `${tokens} tokens${truncated ? ", cut" : ""}`;
  return `${clip(text, 70)}\n  [${first.join(", ")}${embedding.length > 6 ? ", ..." : ""}]  ${embedding.length} numbers, ${read}`;
}
