import { InputError } from "../../errors.ts";
import { type RankedOf, Reranker } from "../../tasks/reranker.ts";
import type { CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addNamedModelFlag,
  addOutputFlag,
  addReadingFlags,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
  type ReadingFlags,
} from "../flags.ts";
import { readTexts } from "../input.ts";
import { withModel } from "../model.ts";
import { writeResults } from "../results.ts";
import { clip } from "../terminal.ts";
import { TruncationNote } from "../truncation-note.ts";

interface RankFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags, ReadingFlags {
  readonly top?: number;
}

export const rank: CommandDefinition<RankFlags> = {
  declare(command) {
    command
      .description(
        "Sort passages by how well they answer a query, with a cross-encoder: { query, index, score, text } a passage, " +
          "best first. Passages are arguments or lines of a file.",
      )
      .argument("<query>", "what is asked")
      .argument("[passage...]", "passages to sort");
    addNamedModelFlag(command);
    addInputFlags(command);
    command.option("--top <n>", "passages to return, the best (default: all)", positiveInteger);
    addReadingFlags(command);
    addOutputFlag(command);
  },
  examples: [
    'cloze rank --model models/ms-marco-MiniLM-L6-v2 "how do bees make honey?" "From nectar." "In the rain."',
    'cloze rank --model models/bge-reranker-v2-m3 "how do bees make honey?" --input passages.txt --top 3',
    'cloze rank --model models/bge-reranker-v2-m3 "rain" --input docs.jsonl --field body --truncation window',
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const [query = "", ...given] = positionals;
    if (query.trim() === "") throw new InputError("The query is empty. Say what the passages are to answer.");
    const passages = readTexts(given, flags, terminal, reporter);
    const { top, truncation, stride, maxLength } = flags;
    await withModel(Reranker, call, { maxLength }, async (reranker) => {
      const options = {
        truncation,
        stride,
        signal: terminal.signal,
        onProgress: reporter.progress,
        detail: true,
      } as const;
      // All of them are asked for, so that the note counts those that are left out too.
      const ranked = await reranker.rank(query, passages, options);
      const note = new TruncationNote();
      for (const result of ranked.toSorted((a, b) => a.index - b.index)) note.see(result);
      const json = ({ index, score, text }: RankedOf<true>) => ({ query, index, score, text });
      await writeResults(ranked.slice(0, top), { json, text: toText }, flags, terminal, reporter);
      note.say(reporter, reranker.maxLength);
    });
  },
};

function toText({ index, score, text }: RankedOf<true>): string {
  return `${score.toFixed(4).padStart(8)}  ${String(index).padStart(4)}  ${clip(text, 64)}`;
}
