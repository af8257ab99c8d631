import { expect, it } from "vitest";
import { readSnippets } from "../../scripts/snippets.ts";

const page = [
  "# Title",
  "```sh",
  "cloze embed hello",
  "```",
  "```text",
  "what it prints",
  "```",
  "<!-- not run: needs a network -->",
  "",
  "```sh",
  "cloze pull x",
  "```",
  "```ts",
  'import "cloze";',
  "await 1;",
  "```",
].join("\n");

it("finds what is to be run, and where it stands", () => {
  expect(readSnippets(page)).toEqual([
    { language: "sh", code: "cloze embed hello", line: 2 },
    { language: "ts", code: 'import "cloze";\nawait 1;', line: 13 },
  ]);
});

it("refuses a block that does not end", () => {
  expect(() => readSnippets("```sh\nls")).toThrow("line 1");
});
