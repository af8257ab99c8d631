import { describe, expect, it } from "vitest";
import { checkLayers } from "../../scripts/check-layers.ts";

function faults(files: Record<string, string>): string[] {
  return checkLayers(new Map(Object.entries(files)));
}

describe("checkLayers", () => {
  const errors = { "errors.ts": "export class E {}" };

  it("accepts arrows that point down, near and far", () => {
    const files = {
      ...errors,
      "engine/graph.ts": 'import { E } from "../errors.ts"; import { read } from "#platform"; export { E, read };',
      "tasks/embedder.ts":
        'import { E } from "../engine/graph.ts"; import { join } from "node:path"; export { E, join };',
      "index.ts": 'export * from "./tasks/embedder.ts";',
    };
    expect(faults(files)).toEqual([]);
  });

  const pointsUp = "src/engine/graph.ts:1 imports src/models/bert.ts: engine may not import models";
  it.each([
    ["an import", 'import { bert } from "../models/bert.ts";'],
    ["a type import", 'import type { Bert } from "../models/bert.ts";'],
    ["a re-export", 'export { bert } from "../models/bert.ts";'],
    ["a dynamic import", 'const bert = await import("../models/bert.ts");'],
    ["an import type", 'let bert: import("../models/bert.ts").Bert;'],
  ])("refuses %s that points up", (_, text) => {
    expect(faults({ "engine/graph.ts": text, "models/bert.ts": "" })).toEqual([pointsUp]);
  });

  it("refuses an arrow between layers of one height", () => {
    expect(faults({ "search/store.ts": 'import "../training/run.ts";', "training/run.ts": "" })).toEqual([
      "src/search/store.ts:1 imports src/training/run.ts: search may not import training",
    ]);
  });

  it("names every file of a circle", () => {
    const files = { "nn/a.ts": 'import "./b.ts";', "nn/b.ts": 'import "./c.ts";', "nn/c.ts": 'import "./a.ts";' };
    expect(faults(files)).toEqual(["files import each other in a circle: nn/a.ts -> nn/b.ts -> nn/c.ts -> nn/a.ts"]);
  });

  it("keeps Node's modules, packages and the platform's files where they belong", () => {
    const files = {
      ...errors,
      "platform/node.ts": 'import "node:fs";',
      "tokenizers/a.ts": 'import "node:fs";\nimport "../platform/node.ts";\nimport "left-pad/x";',
      "tokenizers/a.test.ts": 'import "node:fs"; import "vitest"; import "../../tests/support/shared.ts";',
    };
    expect(faults(files)).toEqual([
      "src/tokenizers/a.ts:1 imports node:fs: below tasks/ use #platform",
      'src/tokenizers/a.ts:2 imports platform/ by path; write "#platform"',
      "src/tokenizers/a.ts:3 imports the package left-pad: not listed for tokenizers",
    ]);
  });

  it("refuses what cannot be followed: a computed path, a file that is not there, a way out of src/", () => {
    const files = { "nn/a.ts": 'import(name);\nimport "./gone.ts";\nimport "../../scripts/x.ts";' };
    expect(faults(files)).toEqual([
      "src/nn/a.ts:1 imports a computed path; only platform/ may",
      "src/nn/a.ts:2 imports src/nn/gone.ts, which is not there",
      "src/nn/a.ts:3 imports ../scripts/x.ts, outside src/",
    ]);
  });
});
