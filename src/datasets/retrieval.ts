/** A collection for retrieval: documents, queries, and which document answers which query. */
import { baseName, joinPath, listFolder, pathKind } from "#platform";
import { InputError } from "../errors.ts";
import { readData } from "./data-file.ts";
import { readDelimitedRows } from "./delimited.ts";
import { readJsonRows } from "./json-lines.ts";
import type { SourceRow } from "./source-row.ts";

/** A document of a collection for retrieval. */
export interface CorpusDocument {
  readonly id: string;
  /** "" where it has none. */
  readonly title: string;
  readonly text: string;
}

/** How `openRetrieval` reads a folder. */
export interface RetrievalOptions {
  /** Which judgements to read. Default: "test". */
  readonly split?: string | undefined;
}

/** A collection for retrieval. */
export interface RetrievalData {
  /** Every document, read anew each time. */
  documents(): AsyncGenerator<CorpusDocument>;
  /** The queries that are judged, by id. */
  readonly queries: ReadonlyMap<string, string>;
  /** Relevance by query and document. */
  readonly judgements: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** The files that were read: documents, queries, judgements. */
  readonly files: readonly string[];
}

/** Title and text together, as they are searched. */
export function documentText({ title, text }: CorpusDocument): string {
  return title === "" ? text : `${title} ${text}`;
}

/** Whether a folder holds such a collection. */
export function isRetrievalFolder(folder: string): boolean {
  return pathKind(folder) === "folder" && findFile(folder, ["corpus.jsonl"]) !== undefined;
}

/**
 * Opens a BEIR folder: `corpus.jsonl` (`_id` or `id`, `title`, `text`), `queries.jsonl` or `queries-SPLIT.jsonl`, and
 * `qrels/SPLIT.tsv`, `qrels-SPLIT.tsv` or `qrels.tsv` (`query-id`, `corpus-id`, `score`), each as it is or as `.gz`.
 *
 * @throws InputError when one is missing, a column is missing, or a judged query is not among the queries.
 */
export async function openRetrieval(folder: string, { split = "test" }: RetrievalOptions = {}): Promise<RetrievalData> {
  if (pathKind(folder) !== "folder") throw new InputError(`There is no folder "${folder}" with a corpus and queries.`);
  const corpus = needFile(folder, ["corpus.jsonl"]);
  const asked = needFile(folder, [`queries-${split}.jsonl`, "queries.jsonl"]);
  const all = await readQueries(asked);
  const file = needFile(folder, [`qrels/${split}.tsv`, `qrels-${split}.tsv`, "qrels.tsv"]);
  const judgements = await readJudgements(file);
  const queries = new Map<string, string>();
  for (const id of judgements.keys()) {
    const text = all.get(id);
    if (text === undefined)
      throw new InputError(`${baseName(file)} judges the query "${id}", which is not among the queries.`);
    queries.set(id, text);
  }
  if (queries.size === 0) throw new InputError(`${baseName(file)} judges no query: the split "${split}" is empty.`);
  return { documents: () => readCorpus(corpus), queries, judgements, files: [corpus, asked, file] };
}

async function* readCorpus(file: string): AsyncGenerator<CorpusDocument> {
  for await (const row of readJsonRows(readData(file), baseName(file))) {
    const title = row.values.title;
    yield { id: idOf(row), title: typeof title === "string" ? title : "", text: textIn(row, "text") };
  }
}

async function readQueries(file: string): Promise<Map<string, string>> {
  const queries = new Map<string, string>();
  for await (const row of readJsonRows(readData(file), baseName(file))) {
    const id = idOf(row);
    if (queries.has(id)) throw new InputError(`${row.where}: the query "${id}" is there twice.`);
    queries.set(id, textIn(row, "text"));
  }
  return queries;
}

async function readJudgements(file: string): Promise<Map<string, Map<string, number>>> {
  const columns = ["query-id", "corpus-id", "score"];
  const judgements = new Map<string, Map<string, number>>();
  const rows = readDelimitedRows(readData(file), baseName(file), { delimiter: "\t" }, columns);
  for await (const { values, where } of rows) {
    const [query, document, score] = columns.map((column) => values[column] as string);
    const gain = Number(score);
    if (score!.trim() === "" || Number.isNaN(gain))
      throw new InputError(`${where}: expected a number as score, got "${score}".`);
    const judged = judgements.get(query!) ?? new Map<string, number>();
    judgements.set(query!, judged.set(document!, gain));
  }
  return judgements;
}

/** BEIR calls it `_id`. */
function idOf(row: SourceRow): string {
  const id = row.values._id ?? row.values.id;
  if (typeof id === "string" || typeof id === "number") return String(id);
  throw new InputError(`${row.where}: expected an id under "_id" or "id".`);
}

function textIn({ values, where }: SourceRow, column: string): string {
  const text = values[column];
  if (typeof text === "string") return text;
  throw new InputError(`${where}: expected a string in "${column}".`);
}

function needFile(folder: string, names: readonly string[]): string {
  const file = findFile(folder, names);
  if (file !== undefined) return file;
  const there = listFolder(folder).join(", ") || "nothing";
  throw new InputError(`"${folder}" has no ${names.join(" or ")} (or .gz); it has ${there}.`);
}

function findFile(folder: string, names: readonly string[]): string | undefined {
  const candidates = names.flatMap((name) => [name, `${name}.gz`]).map((name) => joinPath(folder, name));
  return candidates.find((file) => pathKind(file) === "file");
}
