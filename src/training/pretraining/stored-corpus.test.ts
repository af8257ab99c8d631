import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { tinyModel } from "../../../tests/support/run-cli.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { Tokenizer } from "../../tokenizers/tokenizer.ts";
import type { Items } from "../batches/sequence.ts";
import { type CorpusOptions, openCorpus, PACKINGS, readDocuments, readRows } from "./corpus.ts";
import { StoredCorpus } from "./stored-corpus.ts";

const LINES = ["the bees make honey and the rain falls on the plain .", "", "we all like honey . bees like it too ."];
const CONFIG = { command: "pretrain", options: {}, data: [] } as const;

async function opened(repeats: number, given: Partial<CorpusOptions> = {}) {
  const folder = temporaryFolder({ "corpus.txt": `${LINES.join("\n")}\n`.repeat(repeats) });
  const tokenizer = await Tokenizer.load(tinyModel());
  const options: CorpusOptions = { tokenizer, length: 16, packing: "documents", needsWords: false, ...given };
  return { folder, options, sets: await openCorpus([join(folder, "corpus.txt")], {}) };
}

const allOf = <T>(items: Items<T>) => Array.from({ length: items.length }, (_, i) => items.at(i)!);

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

test.each(PACKINGS)("packing %s: rows on disk are those that were read, with and without words", async (packing) => {
  for (const needsWords of [false, true]) {
    const { folder, options, sets } = await opened(9, { packing, needsWords });
    const rows = await new StoredCorpus({ path: folder, config: CONFIG }).rows("all", sets, options);
    expect(allOf(rows)).toEqual(await collect(readRows(sets, options)));
    expect([rows.at(-1), rows.at(rows.length)]).toEqual([undefined, undefined]);
  }
});

test("documents on disk are those that were read", async () => {
  const { folder, options, sets } = await opened(5);
  const documents = await new StoredCorpus({ path: folder, config: CONFIG }).documents(sets, options);
  expect(allOf(documents)).toEqual(await collect(readDocuments(sets, options)));
});

test("what was written is read again; of another config, cut or left half-written it is made anew", async () => {
  const { folder, options, sets } = await opened(9);
  const rowsFor = (config: object = {}) =>
    new StoredCorpus({ path: folder, config: { ...CONFIG, options: { ...config } } }).rows("all", sets, options);
  const first = allOf(await rowsFor());
  const numbers = join(folder, "tokens", "rows-all", "numbers");
  const made = () => statSync(numbers).ino;
  const before = made();
  await rowsFor();
  expect(made()).toBe(before);
  await rowsFor({ length: 17 });
  expect(made()).not.toBe(before);
  truncateSync(numbers, statSync(numbers).size - 4);
  expect(allOf(await rowsFor({ length: 17 }))).toEqual(first);
  // As kill -9 leaves it: some numbers, no manifest, under a name of its own.
  mkdirSync(join(folder, "tokens", "rows-all.0a0a0a0a.partial"));
  writeFileSync(join(folder, "tokens", "rows-all.0a0a0a0a.partial", "numbers"), "1234");
  expect(allOf(await rowsFor({ length: 17 }))).toEqual(first);
  expect(readdirSync(join(folder, "tokens"))).toEqual(["rows-all"]);
});

test("a corpus that fails on its way leaves nothing", async () => {
  const { folder, options, sets } = await opened(1, { length: 500 });
  const stored = new StoredCorpus({ path: folder, config: CONFIG });
  await expect(stored.rows("all", sets, options)).rejects.toThrow("fewer than 500 tokens in all");
  expect(readdirSync(join(folder, "tokens"))).toEqual([]);
});

/** Bytes of typed arrays that are still reachable. What is not is given back by another thread, a while after. */
async function bytesHeld(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let held = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    collect();
    await new Promise((done) => setTimeout(done, 20));
    held = Math.min(held, process.memoryUsage().arrayBuffers);
  }
  return held;
}

test("the memory that a corpus takes does not grow with it", async () => {
  const held: number[] = [];
  const sizes: number[] = [];
  for (const repeats of [200, 12_000]) {
    const { folder, options, sets } = await opened(repeats, { length: 64 });
    const before = await bytesHeld();
    const rows = await new StoredCorpus({ path: folder, config: CONFIG }).rows("all", sets, options);
    held.push((await bytesHeld()) - before);
    sizes.push(rows.length);
  }
  expect(sizes[1]! / sizes[0]!).toBeGreaterThan(50);
  // In memory the larger one's rows would take 256 bytes each, for ids alone.
  expect(held[1]! - held[0]!).toBeLessThan(20 * sizes[1]!);
});
