import { Option } from "commander";
import { InputError } from "../../errors.ts";
import { pairResults } from "../../search/pair-results.ts";
import type { EmbeddingDetail } from "../../tasks/embedder-options.ts";
import type { Call, CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addModelFlag,
  addOutputFlag,
  addResumeFlag,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
} from "../flags.ts";
import { readTexts } from "../input.ts";
import { withEmbedder } from "../model.ts";
import { shortNumbers, writeResults } from "../results.ts";
import { readFinishedLines, withoutFinished } from "../resume.ts";
import { clip } from "../terminal.ts";
import { TruncationNote } from "../truncation-note.ts";

interface EmbedFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags {
  readonly prompt?: string;
  readonly dimensions?: number;
  readonly maxLength?: number;
  readonly truncation: "truncate" | "error";
  readonly sparse?: true;
  readonly top?: number;
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
      .option("--sparse", "weights of words instead (SPLADE): { text, embedding: [{ index, token, weight }], ... }")
      .option("--top <n>", "with --sparse: keep the n heaviest words", positiveInteger)
      .option("--dimensions <n>", "keep the first n numbers (Matryoshka models)", positiveInteger)
      .option("--max-length <n>", "tokens to read of a text (default: as the model says)", positiveInteger)
      .addOption(
        new Option("--truncation <what>", "what to do with longer texts")
          .choices(["truncate", "error"])
          .default("truncate"),
      );
    addOutputFlag(command);
    addResumeFlag(command);
  },
  examples: [
    'cloze embed "hello"',
    "cloze embed --input texts.txt --output vectors.jsonl",
    "cloze embed --input million.txt --output vectors.jsonl --resume",
    "cat rows.jsonl | cloze embed --input - --field body --prompt document | head -1",
    'cloze embed --model models/bge-small-en-v1.5 --prompt query "how do bees make honey?"',
    'cloze embed --sparse --model models/splade-v3 --top 20 "how do bees make honey?"',
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const all = readTexts(positionals, flags, terminal, reporter);
    const finished = flags.resume ? await readFinishedLines(flags) : undefined;
    if (finished?.isWhole) {
      reporter.note(`${flags.output} is whole; there is nothing to resume.`);
      return undefined;
    }
    const texts = finished === undefined ? all : withoutFinished(all, finished);
    if (flags.sparse) {
      if (flags.dimensions !== undefined) throw new InputError("--dimensions is for dense vectors; pass --top.");
      // Dense embedding is the first command that most people run: it waits for nothing else to load.
      const { embedSparse } = await import("../embed-sparse.ts");
      await embedSparse(call, texts);
    } else {
      if (flags.top !== undefined) throw new InputError("--top is for --sparse; of a dense vector pass --dimensions.");
      await embedDense(call, texts);
    }
    return undefined;
  },
};

async function embedDense(call: Call<EmbedFlags>, texts: AsyncIterable<string>): Promise<void> {
  const { flags, terminal, reporter } = call;
  const { prompt, dimensions, truncation, maxLength } = flags;
  await withEmbedder(call, { maxLength }, async (embedder) => {
    const options = { prompt, dimensions, truncation, signal: terminal.signal, onProgress: reporter.progress };
    const note = new TruncationNote();
    const results = note.watch(pairResults(texts, (texts) => embedder.embed(texts, { ...options, detail: true })));
    await writeResults(results, { json: toJson, text: toText }, flags, terminal, reporter);
    note.say(reporter, embedder.maxLength);
  });
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
