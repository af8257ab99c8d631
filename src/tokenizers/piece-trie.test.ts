import { expect, it } from "vitest";
import { PieceTrie } from "./piece-trie.ts";

/** The value of a text, -1 when only longer ones begin with it, undefined when none does. */
function lookUp(trie: PieceTrie, text: string): number | undefined {
  let node = PieceTrie.ROOT;
  for (let at = 0; at < text.length && node >= 0; at++) node = trie.child(node, text.charCodeAt(at));
  return node < 0 ? undefined : trie.valueAt(node);
}

it("finds what was added, and what it begins with", () => {
  const trie = new PieceTrie();
  for (const [value, text] of ["a", "abc", "😀", "中文", ""].entries()) trie.add(text, value);
  trie.add("a", 9);
  expect(["a", "ab", "abc", "😀", "😀"[0]!, "中", "中文", ""].map((text) => lookUp(trie, text))).toEqual(
    [9, -1, 1, 2, -1, -1, 3, 4], // biome-ignore format: a list
  );
  expect(["b", "abd", "abcd", "文"].map((text) => lookUp(trie, text))).toEqual(new Array(4).fill(undefined));
});

it("grows", () => {
  const trie = new PieceTrie();
  const texts = Array.from({ length: 5000 }, (_, i) => `${i}${i % 7}`);
  for (const [value, text] of texts.entries()) trie.add(text, value);
  const last = new Map(texts.map((text, value) => [text, value]));
  for (const text of texts) expect(lookUp(trie, text)).toBe(last.get(text));
});
