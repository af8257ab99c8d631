import type { AsyncBuffer, Compressors, FileMetaData } from "hyparquet";
import type { ByteSource } from "#platform";
import { InputError } from "../errors.ts";
import type { SourceRow } from "./source-row.ts";

/** A group of rows is read at once: more than this is refused. */
const LARGEST_GROUP_BYTES = 2 ** 30;

/** A page unpacks to at most this many times its size, once it is larger than harmless. */
const LARGEST_EXPANSION = 100;
const HARMLESS_BYTES = 64 * 2 ** 20;

/**
 * Every row of a Parquet file; memory holds one of its groups of rows. All codecs: snappy, gzip, brotli, zstd, lz4.
 *
 * @param name what errors call the file
 * @throws InputError when the file is not Parquet, is damaged, or says sizes that cannot be.
 */
export async function* readParquet(source: ByteSource, name: string): AsyncGenerator<SourceRow> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const file = bufferOf(source);
  const metadata = await explained(name, () => parquetMetadataAsync(file));
  checkSizes(metadata, source, name);
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const rows = await explained(name, () =>
      parquetReadObjects({ file, metadata, rowStart: start, rowEnd: end, compressors: guarded(compressors, name) }),
    );
    if (rows.length !== end - start) {
      throw new InputError(
        `${name}, row ${start + rows.length + 1} is missing: a group of rows is shorter than it says.`,
      );
    }
    for (const [i, row] of rows.entries()) yield { values: plainValues(row), where: `${name}, row ${start + i + 1}` };
    start = end;
  }
}

function bufferOf(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.size,
    slice(start, end = source.size) {
      const bytes = new Uint8Array(end - start);
      source.read(start, end - start, bytes);
      return bytes.buffer;
    },
  };
}

/** The footer is believed only as far as the file goes. */
function checkSizes(metadata: FileMetaData, source: ByteSource, name: string): void {
  for (const [i, group] of metadata.row_groups.entries()) {
    if (group.total_byte_size > LARGEST_GROUP_BYTES) {
      throw new InputError(`${name}: row group ${i} holds more than 1 GiB. Write the file with smaller groups.`);
    }
    for (const { meta_data: column } of group.columns) {
      const start = column?.dictionary_page_offset ?? column?.data_page_offset ?? 0n;
      const end = start + (column?.total_compressed_size ?? 0n);
      if (start >= 0n && end <= BigInt(source.size) && group.num_rows >= 0n) continue;
      throw new InputError(`${name} is damaged: row group ${i} says that it lies outside the file.`);
    }
  }
}

function guarded(compressors: Compressors, name: string): Compressors {
  const entries = Object.entries(compressors).map(([codec, unpack]) => [
    codec,
    (input: Uint8Array, length: number) => {
      if (length <= HARMLESS_BYTES || length <= LARGEST_EXPANSION * input.length) return unpack(input, length);
      throw new InputError(`${name}: a page says that it unpacks to more than ${LARGEST_EXPANSION} times its size.`);
    },
  ]);
  return Object.fromEntries(entries) as Compressors;
}

async function explained<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`${name} cannot be read as Parquet: ${cause instanceof Error ? cause.message : cause}.`, {
      cause,
    });
  }
}

/** As JSON would have them: whole numbers of 64 bits as numbers, dates as text. */
function plainValues(row: object): SourceRow["values"] {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)]));
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) return plainValues(value);
  return value;
}
