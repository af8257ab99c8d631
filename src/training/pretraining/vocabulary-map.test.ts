import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { trainTokenizer } from "../train-tokenizer.ts";
import { idCount, isSameVocabulary, mapVocabulary } from "./vocabulary-map.ts";

const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

function wordPiece(tokens: readonly string[]): Promise<Tokenizer> {
  return Tokenizer.load(temporaryFolder({ "vocab.txt": tokens.join("\n") }));
}

test("words by their spelling, special tokens by their part, others by their pieces; a word is no end of a word", async () => {
  const from = await wordPiece([...SPECIAL, "bee", "##s", "s", "honey", "."]);
  const to = await wordPiece(["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "##s", ".", "bees", "##honey", "s", "xyz"]);
  const map = mapVocabulary(from, to, 10);
  expect(map.sources).toEqual([[2], [3], [4], [0], [1], [6], [9], [5, 6], [8], [7], []]);
  expect(map).toMatchObject({ copied: 8, averaged: 2, fresh: 1 });
  // Rows that the table lacks are nobody's source.
  expect(mapVocabulary(from, to, 7).sources).toEqual([[2], [3], [4], [0], [1], [6], [], [5, 6], [], [], []]);
  expect([isSameVocabulary(from, from), isSameVocabulary(from, to), idCount(to)]).toEqual([true, false, 11]);
});

test.each(["byte-level", "unigram"] as const)("from WordPiece to %s: beginnings of words stay such", async (kind) => {
  const folder = temporaryFolder();
  const corpus = join(folder, "corpus.txt");
  writeFileSync(corpus, "the bees make honey and the bee sings to the bees in the tree\n".repeat(20));
  mkdirSync(join(folder, "to"));
  await trainTokenizer([corpus], { kind, vocabularySize: kind === "unigram" ? 30 : 300, output: join(folder, "to") });
  const to = await Tokenizer.load(join(folder, "to"));
  const from = await wordPiece([...SPECIAL, "the", "e", "##e", "h", "##h", "t", "##t", "b"]);
  const { sources } = mapVocabulary(from, to, 13);
  const begun = kind === "unigram" ? "\u2581" : "\u0120";
  expect(sources[to.idOf(`${begun}the`)!]).toEqual([5]);
  expect(sources[to.idOf("e")!]).toEqual([7]);
  expect(sources[to.specialTokens.mask!.id]).toEqual([4]);
});
