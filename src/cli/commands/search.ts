import { InputError } from "../../errors.ts";
import { type FileHit, searchFiles } from "../../search/search-files.ts";
import type { CommandDefinition } from "../command-definition.ts";
import {
  addModelFlag,
  addOutputFlag,
  type CommonFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
} from "../flags.ts";
import { withEmbedder } from "../model.ts";
import { isForPeople, writeResults } from "../results.ts";
import { hasStyles, onOneLine } from "../terminal.ts";

interface SearchFlags extends CommonFlags, ModelFlags, OutputFlags {
  readonly top: number;
}

export const search: CommandDefinition<SearchFlags> = {
  declare(command) {
    command
      .description(
        "Find the passages of files that answer a query, best first: { file, line, start, end, score, text } a passage. " +
          "Folders are read with all below them, except names that begin with a dot, node_modules and binary files.",
      )
      .argument("<query>", "what to look for, in your own words")
      .argument("<path...>", "files and folders")
      .option("--top <n>", "passages to show", positiveInteger, 5);
    addModelFlag(command);
    addOutputFlag(command);
  },
  examples: [
    'cloze search "how do I train my own model" README.md docs',
    'cloze search "refund policy" contracts --top 20 --json | jq -r .file',
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const [query = "", ...paths] = positionals;
    if (query.trim() === "") throw new InputError("The query is empty. Say what to look for.");
    await withEmbedder(call, {}, async (embedder) => {
      const hits = await searchFiles(embedder, query, paths, {
        top: flags.top,
        findsBest: isForPeople(flags, terminal),
        onNote: (sentence) => reporter.note(sentence),
        onProgress: reporter.progress,
        signal: terminal.signal,
      });
      if (hits.length === 0) reporter.note("there is no text in these files.");
      const text = (hit: FileHit) => toText(hit, hasStyles(terminal.stdout, terminal));
      await writeResults(hits, { json: toJson, text }, flags, terminal, reporter);
    });
  },
};

function toJson({ file, line, start, end, score, text }: FileHit): object {
  return { file, line, start, end, score, text };
}

/** Where it stands, how well it fits, and the passage with its best sentence in bold. */
function toText({ file, line, score, text, best }: FileHit, isStyled: boolean): string {
  const bold = (part: string) => (isStyled && part !== "" ? `\u001b[1m${part}\u001b[22m` : part);
  const { start, end } = best ?? { start: 0, end: 0 };
  let at = 0;
  const lines = text.split("\n").map((whole) => {
    const from = Math.min(Math.max(start - at, 0), whole.length);
    const to = Math.min(Math.max(end - at, from), whole.length);
    at += whole.length + 1;
    return `  ${visible(whole.slice(0, from))}${bold(visible(whole.slice(from, to)))}${visible(whole.slice(to))}`.trimEnd();
  });
  return `${bold(`${file}:${line}`)}  ${score.toFixed(3)}\n${lines.join("\n")}\n`;
}

/** Spaces stay as they are: code is indented. */
function visible(text: string): string {
  return text.replace(/\S+/g, onOneLine);
}
