import { baseName, joinPath, pathKind } from "#platform";
import { InputError } from "../errors.ts";
import { readQuestions, readSquad } from "./answer-rows.ts";
import { readConll } from "./conll.ts";
import { type DataFormat, openData, readData } from "./data-file.ts";
import { readDelimitedRows } from "./delimited.ts";
import { readJsonRows } from "./json-lines.ts";
import { readLines } from "./lines.ts";
import { readParquet } from "./parquet.ts";
import type { BadRowOptions, SourceRow } from "./source-row.ts";

export interface SourceOptions extends BadRowOptions {
  readonly tokenColumn?: number | undefined;
  readonly tagColumn?: number | undefined;
}

/** The rows of a data file of any format, unpacked where it is gzip. Lines are rows of `text`, blank ones left out. */
export async function* readSourceRows(
  file: string,
  format: DataFormat,
  options: SourceOptions = {},
): AsyncGenerator<SourceRow> {
  const name = baseName(file);
  if (format === "parquet") {
    yield* readParquet(openData(file), name);
    return;
  }
  const paragraphs = format === "json-lines" ? paragraphsBeside(file) : undefined;
  const chunks = readData(file);
  if (paragraphs !== undefined) {
    const names = { paragraphs: baseName(paragraphs), questions: name };
    yield* readQuestions(readData(paragraphs), chunks, names, options);
  } else if (format === "json-lines") yield* readJsonRows(chunks, name, options);
  else if (format === "csv" || format === "tsv") {
    yield* readDelimitedRows(chunks, name, { ...options, delimiter: format === "csv" ? "," : "\t" });
  } else if (format === "squad") yield* readSquad(chunks, name, options);
  else if (format === "lines") yield* textRows(chunks, name, options);
  else yield* readConll(chunks, name, { ...options, universal: format === "conllu" });
}

async function* textRows(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  options: BadRowOptions,
): AsyncGenerator<SourceRow> {
  for await (const { text, number } of readLines(chunks, name, options)) {
    if (text.trim() !== "") yield { values: { text }, where: `${name}, line ${number}` };
  }
}

/**
 * The file that is meant: a folder with `questions.jsonl` and `paragraphs.jsonl` stands for the questions in it.
 *
 * @throws InputError when it is another folder, or not there.
 */
export function resolveData(where: string): string {
  if (pathKind(where) !== "folder") return openData(where).name;
  const questions = [".jsonl", ".jsonl.gz"].map((ending) => joinPath(where, `questions${ending}`));
  const file = questions.find((name) => pathKind(name) === "file");
  if (file !== undefined && paragraphsBeside(file) !== undefined) return file;
  throw new InputError(`"${where}" is a folder without questions.jsonl and paragraphs.jsonl; expected a data file.`);
}

/** `dev-paragraphs.jsonl` beside `dev-questions.jsonl`, and the like, either as it is or as `.gz`. */
function paragraphsBeside(file: string): string | undefined {
  const match = /^(.*[\\/])?([^\\/]*)questions([^\\/]*\.jsonl)(\.gz)?$/.exec(file);
  if (match === null) return undefined;
  const stem = `${match[1] ?? ""}${match[2]}paragraphs${match[3]}`;
  return [stem, `${stem}.gz`].find((name) => pathKind(name) === "file");
}
