/** A fenced block of a Markdown page that is to be run. */
export interface Snippet {
  language: "sh" | "ts";
  code: string;
  /** Line of the opening fence, from 1. */
  line: number;
}

const FENCE = /^```(\w*)\s*$/;
const NOT_RUN = /^<!-- not run: .+ -->$/;

/**
 * The commands (`sh`) and programs (`ts`) of a page. Blocks in other languages show output or files. A line
 * `<!-- not run: the reason -->` before a block keeps it out; nothing else does.
 */
export function readSnippets(markdown: string): Snippet[] {
  const snippets: Snippet[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const language = FENCE.exec(lines[index]!)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf("```", index + 1);
    if (end < 0) throw new Error(`the block that begins in line ${index + 1} does not end`);
    const isKept = !NOT_RUN.test(precedingLine(lines, index));
    if (isKept && (language === "sh" || language === "ts")) {
      snippets.push({ language, code: lines.slice(index + 1, end).join("\n"), line: index + 1 });
    }
    index = end;
  }
  return snippets;
}

function precedingLine(lines: readonly string[], index: number): string {
  return lines.slice(0, index).findLast((line) => line.trim() !== "") ?? "";
}
