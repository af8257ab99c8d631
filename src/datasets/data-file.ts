import { type ByteSource, baseName, openFile, pathKind, sha256 } from "#platform";
import { InputError } from "../errors.ts";
import { unpackGzip } from "./gzip.ts";

const CHUNK_BYTES = 2 ** 20;

/** How a file's rows are written. `lines`: plain text; `squad`: one JSON object with `data`, as SQuAD 1 and 2. */
export type DataFormat = "json-lines" | "csv" | "tsv" | "parquet" | "conll" | "conllu" | "squad" | "lines";

const FORMAT_OF_ENDING: { readonly [ending: string]: DataFormat } = {
  jsonl: "json-lines",
  ndjson: "json-lines",
  csv: "csv",
  tsv: "tsv",
  parquet: "parquet",
  conll: "conll",
  bio: "conll",
  iob: "conll",
  iob2: "conll",
  conllu: "conllu",
  json: "squad",
};

/** The format that a file's name says, ".gz" left out; `lines` for any other ending. */
export function formatOfName(file: string): DataFormat {
  const name = file.toLowerCase().replace(/\.gz$/, "");
  return FORMAT_OF_ENDING[name.slice(name.lastIndexOf(".") + 1)] ?? "lines";
}

/** Opens a data file. @throws InputError when it is not there or not a file. */
export function openData(file: string): ByteSource {
  const kind = pathKind(file);
  if (kind === "missing") throw new InputError(`There is no data file "${file}".`);
  if (kind === "folder") throw new InputError(`"${file}" is a folder; expected a data file.`);
  return openFile(file);
}

/** The bytes of a data file in chunks, unpacked where it is gzip. */
export function readData(file: string): AsyncGenerator<Uint8Array> {
  return unpackGzip(yielding(chunksOf(openData(file))), baseName(file));
}

/** SHA-256 of a data file as it lies there: a run keeps it, to tell on resuming that its data changed. */
export function hashData(file: string): string {
  return sha256(chunksOf(openData(file)));
}

/** Lets timers, signals and other work have their turn at each chunk: reading is not asynchronous in itself. */
async function* yielding(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    yield chunk;
  }
}

function* chunksOf(source: ByteSource): Generator<Uint8Array> {
  for (let start = 0; start < source.size; start += CHUNK_BYTES) {
    yield source.read(start, Math.min(CHUNK_BYTES, source.size - start));
  }
}
