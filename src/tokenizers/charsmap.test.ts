import { expect, it } from "vitest";
import { compileCharsmap, TRIE_UNITS } from "../../tests/support/compile-charsmap.ts";
import { TokenizerError } from "../errors.ts";
import { Charsmap } from "./charsmap.ts";

const MAP = compileCharsmap({ "™": "TM", é: "e", e: "e", "e\u0301": "é", "\u007f": "" });

it("finds what the shortest key at the beginning becomes", () => {
  const charsmap = new Charsmap(MAP, "map");
  expect(["™", "™x", "é", "\u007f"].map((text) => charsmap.replacement(text))).toEqual(["TM", "TM", "e", ""]);
  expect(charsmap.replacement("e\u0301")).toBe("e");
  expect(["x", "", "\0", "\u2121"].map((text) => charsmap.replacement(text))).toEqual(new Array(4).fill(undefined));
});

it.each<[string, Uint8Array]>([
  ["no bytes", new Uint8Array(0)],
  ["a trie of no units", new Uint8Array(8)],
  ["a trie that is cut off", MAP.subarray(0, 1000)],
  ["an odd size", new Uint8Array([5, 0, 0, 0, 1, 2, 3, 4, 5])],
  ["replacements that are not UTF-8", new Uint8Array([...MAP, 0xff, 0xfe])],
])("refuses %s", (_what, bytes) => {
  expect(() => new Charsmap(bytes, "tokenizer.json: normalizer.precompiled_charsmap")).toThrow(TokenizerError);
  expect(() => new Charsmap(bytes, "tokenizer.json: normalizer.precompiled_charsmap")).toThrow(
    /^tokenizer\.json: norm/,
  );
});

it("survives a trie that leads out of itself", () => {
  const wild = MAP.slice();
  const view = new DataView(wild.buffer);
  for (let at = 4; at < 4 + TRIE_UNITS * 4; at += 4) {
    if (view.getUint32(at, true) !== 0) view.setUint32(at, view.getUint32(at, true) ^ 0x3fff_fc00, true);
  }
  const charsmap = new Charsmap(wild, "map");
  expect(["™", "é", "e\u0301"].map((text) => charsmap.replacement(text))).toEqual([undefined, undefined, undefined]);
});
