import { expect, it } from "vitest";
import { apiPage, checkApi } from "../../scripts/check-api.ts";
import { readPublicApi } from "../../scripts/public-api.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it("names what has no docstring, fields and the language's protocols aside", () => {
  const method = { signature: "", documentation: "", isMethod: true };
  const entry = {
    name: "Thing",
    kind: "class" as const,
    signature: "class Thing",
    documentation: "Does.",
    members: [
      { ...method, name: "go" },
      { ...method, name: "[Symbol.asyncDispose]" },
      { ...method, name: "size", isMethod: false },
    ],
  };
  const api = new Map([["cloze", [entry, { ...entry, name: "Other", documentation: "", members: [] }]]]);
  expect(checkApi(api)).toEqual(["cloze: Thing.go has no docstring", "cloze: Other has no docstring"]);
});

it("reads every door, with signatures and docstrings", () => {
  const manifest = {
    name: "toy",
    exports: { ".": { types: "./dist/index.d.ts" }, "./package.json": "./package.json" },
  };
  const folder = temporaryFolder({
    "package.json": JSON.stringify(manifest),
    "tsconfig.json": JSON.stringify({ compilerOptions: { types: [], noLib: true } }),
    "src/index.ts": 'export { open, type Size } from "./open.ts";',
    "src/open.ts": `/** How big. */
      export interface Size {
        /** In pixels. */
        readonly width: number; // [W]
      }
      /**
       * Opens.
       *
       * @param name of what
       * @throws Error when it is shut
       */
      export function open(name: string): Size { return { width: 1 }; }`,
  });
  const api = readPublicApi(folder);
  const width = { name: "width", signature: "readonly width: number;", documentation: "In pixels.", isMethod: false };
  expect(api.get("toy")).toEqual([
    {
      name: "open",
      kind: "function",
      signature: "function open(name: string): Size",
      documentation: "Opens.\n\n`name`: of what\n\nThrows Error when it is shut",
      members: [],
    },
    { name: "Size", kind: "type", signature: "interface Size", documentation: "How big.", members: [width] },
  ]);
  expect(apiPage(api)).toContain("## toy\n\n### open\n\n*function*\n\n```ts\nfunction open(name: string): Size\n```");
});
