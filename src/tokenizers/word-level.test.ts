import { expect, it } from "vitest";
import { TokenBuffer } from "./token-buffer.ts";
import { Vocabulary } from "./vocabulary.ts";
import { WordLevel } from "./word-level.ts";

const vocabulary = new Vocabulary("vocab");
for (const [id, token] of ["<unk>", "hello", "world"].entries()) vocabulary.add(token, id);

it("takes a piece for a token, or for the unknown one", () => {
  const model = new WordLevel(vocabulary);
  const out = new TokenBuffer();
  for (const piece of ["world", "moon"]) model.tokenize(piece, out);
  expect([...out.ids.subarray(0, out.length)]).toEqual([2, 0]);
  expect([out.starts[1], out.ends[1]]).toEqual([0, 4]);
});

it("refuses an unknown piece when there is no unknown token", () => {
  const model = new WordLevel(vocabulary, { unknownToken: "[UNK]" });
  expect(() => model.tokenize("moon", new TokenBuffer())).toThrow('neither "moon" nor the unknown token "[UNK]"');
});
