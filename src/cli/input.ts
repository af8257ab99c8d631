import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { type DataFormat, formatOfName } from "../datasets/data-file.ts";
import { unpackGzip } from "../datasets/gzip.ts";
import { readJsonLines } from "../datasets/json-lines.ts";
import { readLines } from "../datasets/lines.ts";
import { InputError } from "../errors.ts";
import type { InputFlags } from "./flags.ts";
import type { Reporter } from "./reporter.ts";
import type { Terminal } from "./terminal.ts";

type InputFormat = Extract<DataFormat, "lines" | "json-lines" | "csv" | "tsv">;

/**
 * The texts of the command line, or of the file that `--input` names.
 *
 * @throws InputError when there are neither or both, or the file cannot be read.
 */
export function readTexts(
  positionals: readonly string[],
  flags: InputFlags,
  terminal: Terminal,
  reporter: Reporter,
): AsyncIterable<string> {
  if (positionals.length > 0 && flags.input !== undefined) {
    throw new InputError(`Texts are given twice: "${positionals[0]}" and --input ${flags.input}. Keep one of them.`);
  }
  if (positionals.length > 0) return only(positionals);
  return firstOf(readRows(flags, ["text"], terminal, reporter));
}

/**
 * The rows of the file that `--input` names, gzip or not, as many strings a row as there are `--field` or `--column`
 * flags; without them the fields or columns of these names. Lines are rows of one string.
 *
 * @throws InputError when the file cannot be read or is not of its format.
 */
export function readRows(
  flags: InputFlags,
  defaultNames: readonly string[],
  terminal: Terminal,
  reporter: Reporter,
): AsyncGenerator<string[]> {
  const { input, field, column } = flags;
  if (input === undefined) {
    throw new InputError("No text is given. Pass texts as arguments, or --input FILE (- for standard input).");
  }
  if (field !== undefined && column !== undefined) {
    throw new InputError("--field is for JSON Lines and --column for CSV and TSV. Keep one of them.");
  }
  const name = input === "-" ? "standard input" : basename(input);
  const chunks = input === "-" ? terminal.stdin : readFile(input, terminal, reporter);
  const rows = parse(formatOf(flags, input), unpackGzip(chunks, name), name, field ?? column ?? defaultNames);
  return noteIfEmpty(rows, () => reporter.note(`${name} holds no texts.`));
}

async function* noteIfEmpty<Row>(rows: AsyncIterable<Row>, note: () => void): AsyncGenerator<Row> {
  let isEmpty = true;
  for await (const row of rows) {
    isEmpty = false;
    yield row;
  }
  if (isEmpty) note();
}

async function* parse(
  format: InputFormat,
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  names: readonly string[],
): AsyncGenerator<string[]> {
  if (format === "lines") {
    for await (const { text } of readLines(chunks, name)) yield [text];
  } else if (format === "json-lines") {
    yield* readJsonLines(chunks, name, names);
  } else {
    // Only who reads tables waits for the parser to load.
    const { readDelimited } = await import("../datasets/delimited.ts");
    yield* readDelimited(chunks, name, names, { delimiter: format === "csv" ? "," : "\t" });
  }
}

function formatOf({ field, column }: InputFlags, input: string): InputFormat {
  const byEnding = formatOfName(input);
  if (field !== undefined) return "json-lines";
  if (column !== undefined) return byEnding === "tsv" ? "tsv" : "csv";
  return byEnding === "json-lines" || byEnding === "csv" || byEnding === "tsv" ? byEnding : "lines";
}

/** The file's bytes; tells the reporter how much of it has been read. A file that is not there is told at once. */
function readFile(file: string, { signal }: Terminal, reporter: Reporter): AsyncIterable<Uint8Array> {
  const entry = statSync(file, { throwIfNoEntry: false });
  if (entry === undefined) throw new InputError(`There is no file "${file}" to read texts from.`);
  if (entry.isDirectory()) throw new InputError(`"${file}" is a folder; --input reads one file.`);
  const stream = createReadStream(file, { signal });
  if (entry.isFile() && entry.size > 0) reporter.fraction = () => stream.bytesRead / entry.size;
  return stream;
}

async function* only(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

async function* firstOf(rows: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  for await (const [text] of rows) yield text!;
}
