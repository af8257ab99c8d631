/** A corpus as tokens on disk: read once, text by text, then by rows in any order, of which none stays in memory. */
import { joinPath, listFolder, makeFolder, pathKind, removePath, sha256 } from "#platform";
import type { Dataset } from "../../datasets/dataset.ts";
import type { Items } from "../batches/sequence.ts";
import type { SentenceDocument } from "../objectives/sentence-pairs.ts";
import type { RunFolder } from "../runs/run-folder.ts";
import { type CorpusOptions, type PretrainingRow, readDocuments, readRows } from "./corpus.ts";
import { RecordFile } from "./record-file.ts";

/** The folder `tokens/` of a run. It is made of the run's data and options, and made again when it is not there. */
export class StoredCorpus {
  readonly #folder: string;
  readonly #key: string;

  /** @param run whose config decides what the tokens are; its hashes stand for data and tokenizer */
  constructor(run: Pick<RunFolder, "path" | "config">) {
    this.#folder = joinPath(run.path, "tokens");
    this.#key = sha256([new TextEncoder().encode(JSON.stringify(run.config))]);
    if (pathKind(this.#folder) !== "folder") return;
    // What a crash left half-written.
    for (const name of listFolder(this.#folder)) if (name.endsWith(".partial")) this.#remove(name);
  }

  /** @param name of these files among the run's */
  async rows(name: string, sets: readonly Dataset[], options: CorpusOptions): Promise<Items<PretrainingRow>> {
    const make = () => mapped(readRows(sets, options), numbersOfRow);
    return mappedItems(await this.#records(`rows-${name}`, make), (record) => rowOfNumbers(record, options));
  }

  async documents(sets: readonly Dataset[], options: CorpusOptions): Promise<Items<SentenceDocument>> {
    const make = () => mapped(readDocuments(sets, options), numbersOfDocument);
    return mappedItems(await this.#records("documents", make), documentOfNumbers);
  }

  /** When the run is done. */
  remove(): void {
    removePath(this.#folder);
  }

  async #records(name: string, make: () => AsyncIterable<Int32Array>): Promise<RecordFile> {
    const folder = joinPath(this.#folder, name);
    const known = RecordFile.open(folder, this.#key);
    if (known !== undefined) return known;
    makeFolder(this.#folder);
    return RecordFile.write(folder, this.#key, make());
  }

  #remove(name: string): void {
    removePath(joinPath(this.#folder, name));
  }
}

async function* mapped<T, R>(items: AsyncIterable<T>, map: (item: T) => R): AsyncGenerator<R> {
  for await (const item of items) yield map(item);
}

function mappedItems<T, R>(items: Items<T>, map: (item: T) => R): Items<R> {
  return {
    length: items.length,
    at(place) {
      const item = items.at(place);
      return item === undefined ? undefined : map(item);
    },
  };
}

/** Its length, ids, words where it has them, offsets. */
function numbersOfRow({ ids, words = new Int32Array(0), offsets }: PretrainingRow): Int32Array {
  return Int32Array.of(ids.length, ...ids, ...words, ...offsets);
}

function rowOfNumbers(numbers: Int32Array, { needsWords }: Pick<CorpusOptions, "needsWords">): PretrainingRow {
  const end = 1 + numbers[0]!;
  const wordsEnd = needsWords ? end + numbers[0]! : end;
  const row = { ids: numbers.subarray(1, end), offsets: numbers.subarray(wordsEnd) };
  return needsWords ? { ...row, words: numbers.subarray(end, wordsEnd) } : row;
}

/** How many sentences, how long each is, their tokens. */
function numbersOfDocument(document: SentenceDocument): Int32Array {
  const tokens = document.reduce((sum, { length }) => sum + length, 0);
  const numbers = new Int32Array(1 + document.length + tokens);
  numbers[0] = document.length;
  numbers.set(
    document.map(({ length }) => length),
    1,
  );
  let at = 1 + document.length;
  for (const sentence of document) {
    numbers.set(sentence, at);
    at += sentence.length;
  }
  return numbers;
}

function documentOfNumbers(numbers: Int32Array): SentenceDocument {
  let at = 1 + numbers[0]!;
  return Array.from(numbers.subarray(1, at), (length) => {
    at += length;
    return numbers.subarray(at - length, at);
  });
}
