import { expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { MAX_MERGES } from "./merge-queue.ts";
import { parseMergesFile, readMerges } from "./merges.ts";

it("reads pairs, and the lines of older files", () => {
  expect(readMerges([["a", "b"], ["a b", "c"]], "m")).toEqual([["a", "b"], ["a b", "c"]]); // biome-ignore format: pairs
  expect(readMerges(["#version: 0.2", "a b"], "m")).toEqual([["a", "b"]]);
});

it("reads merges.txt, whatever ends its lines", () => {
  expect(parseMergesFile("#version: 0.2\nĠ t\r\nh e\n", "merges.txt")).toEqual([["Ġ", "t"], ["h", "e"]]); // biome-ignore format: pairs
  expect(parseMergesFile("", "merges.txt")).toEqual([]);
});

it.each([[undefined], ["a b"], [["a"]], [["a b c"]], [[["a", 1]]], [[["a"]]], [[null]]])("refuses %j", (value) => {
  expect(() => readMerges(value, "tokenizer.json: model.merges")).toThrow(TokenizerError);
  expect(() => readMerges(value, "tokenizer.json: model.merges")).toThrow(/^tokenizer\.json: model\.merges: /);
});

it("refuses more merges than can be ranked before it looks at one", () => {
  expect(() => readMerges(new Array(MAX_MERGES + 1), "m")).toThrow(
    `m: ${MAX_MERGES + 1} merges; at most ${MAX_MERGES}`,
  );
});
