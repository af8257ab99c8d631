import { type CsvError, type Options, type Parser, parse } from "csv-parse";
import { InputError } from "../errors.ts";
import { type BadRowOptions, quoted, reportBadRow, type SourceRow } from "./source-row.ts";

export interface DelimitedOptions extends BadRowOptions {
  /** "," for CSV, where cells may be quoted; a tab for TSV, where a quote is a character like any other. */
  readonly delimiter: "," | "\t";
}

/** What csv-parse hands over with `info: true` and `encoding: null`. */
interface ParsedRow {
  readonly record: readonly Uint8Array[];
  /** `lines`: how many lines the parser has read, so the last line of the row. */
  readonly info: { readonly lines: number };
}

/** A quote that is never closed would otherwise take the rest of the file for one cell. */
const LARGEST_ROW_BYTES = 64 * 2 ** 20;

/**
 * The cells under `columns` of every row of a CSV or TSV file whose first row names its columns.
 *
 * @param name what errors call the file
 * @throws InputError naming the line when a column is missing, a row has another number of cells than the header, a
 *   quote is not closed, or a cell is not UTF-8.
 */
export async function* readDelimited(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  columns: readonly string[],
  options: DelimitedOptions,
): AsyncGenerator<string[]> {
  for await (const { values } of readDelimitedRows(chunks, name, options, columns)) {
    yield columns.map((column) => values[column] as string);
  }
}

/**
 * Every row of a CSV or TSV file, its cells by the names in the first row.
 *
 * @param name what errors call the file
 * @param columns those that are wanted. Default: all
 * @throws InputError as `readDelimited`.
 */
export async function* readDelimitedRows(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  options: DelimitedOptions,
  columns?: readonly string[],
): AsyncGenerator<SourceRow> {
  const parser = parse(parserOptions(options));
  void feed(parser, withoutMark(chunks));
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let header: Header | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      const where = `${name}, line ${info.lines}`;
      try {
        if (header === undefined) header = readHeader(record, columns, decoder, name, where);
        else yield { values: readCells(record, header, decoder, where), where };
      } catch (error) {
        if (header === undefined || !(error instanceof InputError)) throw error;
        reportBadRow(error, options);
      }
    }
  } catch (error) {
    throw isCsvError(error) ? explain(error, name) : error;
  }
}

interface Header {
  readonly width: number;
  /** Which cell a wanted column is. */
  readonly wanted: readonly (readonly [column: string, index: number])[];
}

function readHeader(
  record: readonly Uint8Array[],
  columns: readonly string[] | undefined,
  decoder: TextDecoder,
  name: string,
  where: string,
): Header {
  const names = record.map((cell) => decode(decoder, cell, where));
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice !== undefined && columns === undefined) throw new InputError(`${name} has the column "${twice}" twice.`);
  const wanted = (columns ?? names).map((column) => [column, findColumn(names, column, name)] as const);
  return { width: names.length, wanted };
}

function readCells(record: readonly Uint8Array[], { width, wanted }: Header, decoder: TextDecoder, where: string) {
  if (record.length !== width) {
    throw new InputError(`${where} has another number of cells (${record.length}) than the header.`);
  }
  const values: { [column: string]: string } = Object.create(null);
  for (const [column, index] of wanted) values[column] = decode(decoder, record[index]!, where);
  return values;
}

function decode(decoder: TextDecoder, cell: Uint8Array, where: string): string {
  try {
    return decoder.decode(cell);
  } catch (cause) {
    throw new InputError(`${where} is not valid UTF-8. Save the file as UTF-8.`, { cause });
  }
}

function parserOptions({ delimiter }: DelimitedOptions): Options {
  return {
    delimiter,
    quote: delimiter === "," ? '"' : false,
    info: true,
    encoding: null as unknown as boolean, // cells as bytes, so that bad UTF-8 is found
    skip_empty_lines: true,
    relax_column_count: true, // counted in readCells, so that a bad row can be passed over
    max_record_size: LARGEST_ROW_BYTES,
  };
}

/** Hands the file to the parser as fast as it takes it; stops when the reader has lost interest. */
async function feed(parser: Parser, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (parser.destroyed) return;
      if (parser.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        parser.once("drain", resolve);
        parser.once("close", resolve);
      });
    }
    parser.end();
  } catch (error) {
    parser.destroy(error as Error);
  }
}

function findColumn(header: readonly string[], column: string, name: string): number {
  const index = header.indexOf(column);
  if (index !== -1) return index;
  throw new InputError(`${name} has no column "${column}"; it has ${quoted(header)}.`);
}

/** Without the byte order mark that may begin a file; the parser's own way to skip one forces its decoding on. */
async function* withoutMark(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const mark = [0xef, 0xbb, 0xbf];
  let matched = 0;
  for await (let chunk of chunks) {
    while (matched < mark.length && chunk.length > 0) {
      if (chunk[0] !== mark[matched]) {
        if (matched > 0) yield Uint8Array.from(mark.slice(0, matched));
        matched = mark.length;
      } else {
        chunk = chunk.subarray(1);
        matched++;
      }
    }
    yield chunk;
  }
}

function isCsvError(error: unknown): error is CsvError {
  return error instanceof Error && "code" in error && String(error.code).startsWith("CSV_");
}

function explain(error: CsvError, name: string): InputError {
  const line = Number(error.lines);
  const reasons: { readonly [code: string]: string } = {
    CSV_QUOTE_NOT_CLOSED: "begins a quote that is never closed",
    CSV_MAX_RECORD_SIZE: "belongs to a row of more than 64 MiB; look for a quote that is not closed",
  };
  const reason = reasons[error.code] ?? `cannot be read: ${error.message}`;
  return new InputError(`${name}, line ${line} ${reason}.`, { cause: error });
}
