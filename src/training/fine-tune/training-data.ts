import { baseName } from "#platform";
import { hashData } from "../../datasets/data-file.ts";
import { type DataRow, inputKey } from "../../datasets/data-row.ts";
import { Dataset } from "../../datasets/dataset.ts";
import { documentText, isRetrievalFolder, openRetrieval, type RetrievalData } from "../../datasets/retrieval.ts";
import { InputError } from "../../errors.ts";
import type { TrainingTask } from "../evaluate/evaluate-options.ts";
import type { FineTuneOptions } from "./fine-tune-options.ts";
import { inferTask } from "./infer-task.ts";

/** Rows to learn from, or to choose a model by. */
export interface Split extends Pick<Dataset, "name" | "input" | "target" | "statement"> {
  readonly rows: readonly DataRow[];
  /** What was read, with its SHA-256. */
  readonly sources: readonly { readonly file: string; readonly sha256: string }[];
  /** Of a collection for retrieval: all documents, by id. */
  readonly documents?: ReadonlyMap<string, string>;
  /** Of a collection to choose by: relevance by query and document; rows are queries (`text`), then documents (`pair`). */
  readonly judgements?: RetrievalData["judgements"];
}

/** What a run reads, and what for. */
export interface Splits {
  readonly task: TrainingTask;
  readonly train: Split;
  readonly dev: Split | undefined;
}

/** @throws InputError when a split is empty, they are of two kinds, or there is nothing to learn from. */
export async function readSplits(options: FineTuneOptions): Promise<Splits> {
  const { onNote, trainSplit = "train", devSplit = "dev" } = options;
  const isCollection = isRetrievalFolder(options.train);
  const train = isCollection ? await readPairs(options.train, trainSplit) : await readFile(options.train, options);
  const task = inferTask(train, options.task);
  if (isCollection && task !== "embed" && task !== "rank") {
    throw new InputError(`${train.name} is a collection for retrieval, which is for embed or rank; task is "${task}".`);
  }
  onNote?.(`${task}: ${train.statement}, ${train.rows.length} rows`);
  if (options.dev === undefined) return { task, train, dev: undefined };
  if (isRetrievalFolder(options.dev)) return { task, train, dev: await readCollection(options.dev, devSplit) };
  const dev = await readFile(options.dev, options);
  if (dev.statement !== train.statement && !isCollection) {
    throw new InputError(`${dev.name} is read as ${dev.statement}, ${train.name} as ${train.statement}.`);
  }
  const known = new Set(train.rows.map(inputKey));
  const shared = dev.rows.filter((row) => known.has(inputKey(row))).length;
  if (shared > 0) onNote?.(`${shared} of ${dev.rows.length} rows of ${dev.name} are in ${train.name} too`);
  return { task, train, dev };
}

async function readFile(file: string, options: FineTuneOptions): Promise<Split> {
  const { columns, format, target, skipBadRows, tokenColumn, tagColumn } = options;
  const set = await Dataset.open(file, { columns, format, target, skipBadRows, tokenColumn, tagColumn });
  const rows: DataRow[] = [];
  for await (const row of set) rows.push(row);
  if (rows.length === 0) throw new InputError(`${set.name} holds no rows: the split is empty.`);
  if (set.skipped > 0) options.onNote?.(`${set.skipped} bad rows of ${set.name} were passed over`);
  const { name, input, statement } = set;
  return { name, input, target: set.target, statement, rows, sources: [{ file: set.file, sha256: set.hash() }] };
}

/** Every query of a BEIR folder with each document that answers it. */
async function readPairs(folder: string, split: string): Promise<Split> {
  const { data, documents, ...read } = await readFolder(folder, split);
  const rows = [...data.judgements].flatMap(([query, judged]) =>
    [...judged].flatMap(([document, gain]) => {
      const pair = documents.get(document);
      const where = `${read.name}, query ${query}`;
      if (pair === undefined) throw new InputError(`${where}: the document "${document}" is not in the corpus.`);
      return gain > 0 ? [{ where, text: data.queries.get(query)!, pair }] : [];
    }),
  );
  if (rows.length === 0) throw new InputError(`${read.name} judges no document of "${split}" relevant.`);
  return { ...read, input: "pair", target: "none", rows, documents };
}

async function readCollection(folder: string, split: string): Promise<Split> {
  const { data, documents, ...read } = await readFolder(folder, split);
  const where = (kind: string, id: string) => `${read.name}, ${kind} ${id}`;
  const queries = [...data.queries].map(([id, text]) => ({ where: where("query", id), id, text }));
  const others = [...documents].map(([id, pair]) => ({ where: where("document", id), id, pair }));
  const rows = [...queries, ...others];
  return { ...read, input: "pair", target: "none", rows, documents, judgements: data.judgements };
}

async function readFolder(folder: string, split: string) {
  const data = await openRetrieval(folder, { split });
  const documents = new Map<string, string>();
  for await (const document of data.documents()) documents.set(document.id, documentText(document));
  return {
    data,
    documents,
    name: baseName(folder),
    statement: `retrieval: ${data.queries.size} queries of the split "${split}", ${documents.size} documents`,
    sources: data.files.map((file) => ({ file, sha256: hashData(file) })),
  };
}
