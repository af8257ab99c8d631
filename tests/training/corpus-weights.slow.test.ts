import { expect, it } from "vitest";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { type Items, itemsOf } from "../../src/training/batches/sequence.ts";
import {
  type CorpusOptions,
  openCorpus,
  type PretrainingRow,
  readRows,
} from "../../src/training/pretraining/corpus.ts";
import { endlessRows } from "../../src/training/pretraining/row-streams.ts";
import { describeIf, hasShared, sharedPath } from "../support/shared.ts";

const FILES = ["data/enwiki-2018-sample/valid.txt.gz", "data/tiny-shakespeare/all.txt.gz"];
const TOKENIZER = "tokenizers/bert-base-uncased";
const DRAWS = 40_000;

/** A row, and the file that it is of. */
type Marked = PretrainingRow & { readonly file: number };

async function rowsOf(options: CorpusOptions): Promise<Items<Marked>[]> {
  const sets = await openCorpus(
    FILES.map((file) => sharedPath(file)),
    {},
  );
  const corpora: Items<Marked>[] = [];
  for (const [file, set] of sets.entries()) {
    const rows: Marked[] = [];
    for await (const row of readRows([set], options)) rows.push({ ...row, file });
    corpora.push({ length: rows.length, at: (place) => rows[place] });
  }
  return corpora;
}

const missing = [...FILES, TOKENIZER].find((path) => !hasShared(path));
describeIf("weights of corpora", missing && `${missing} is not in the shared folder (set CLOZE_SHARED)`, () => {
  it("3:1 are the shares of rows and of tokens, whichever file is the larger, and files begin anew when they are read", async () => {
    const tokenizer = await Tokenizer.load(sharedPath(TOKENIZER));
    const corpora = await rowsOf({ tokenizer, length: 128, packing: "documents", needsWords: false });
    for (const weights of [
      [3, 1],
      [1, 3],
    ]) {
      const [rows, tokens] = [
        [0, 0],
        [0, 0],
      ];
      let drawn = 0;
      for await (const [row] of itemsOf(endlessRows(corpora, weights, 0))) {
        const { file, ids } = row as Marked;
        rows[file]!++;
        tokens[file]! += ids.length;
        if (++drawn === DRAWS) break;
      }
      for (const [file, { length }] of corpora.entries()) expect(rows[file]).toBeGreaterThan(1.5 * length);
      // Four standard deviations of so many draws.
      const most = 4 * Math.sqrt((0.75 * 0.25) / DRAWS);
      const shareOf = (counts: readonly number[]) => Math.max(...counts) / (counts[0]! + counts[1]!);
      expect(rows.indexOf(Math.max(...rows))).toBe(weights.indexOf(3));
      expect(Math.abs(shareOf(rows) - 0.75)).toBeLessThan(most);
      expect(Math.abs(shareOf(tokens) - 0.75)).toBeLessThan(most);
    }
  });
});
