import { InputError } from "../errors.ts";

/** A file that unpacks to more than this many times its size is no text but a bomb. */
const LARGEST_EXPANSION = 100;

/** Below this the expansion does not matter. */
const HARMLESS_BYTES = 64 * 2 ** 20;

/**
 * The bytes as they are, or unpacked where they begin with gzip's magic number; nothing is held but a chunk.
 *
 * @param name what errors call the file
 * @throws InputError when the stream is cut short or broken, or unpacks to over 64 MiB and 100 times its size.
 */
export async function* unpackGzip(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const iterator = iterate(chunks);
  try {
    const first = await firstBytes(iterator);
    const rest = prepend(first, iterator);
    if (first[0] === 0x1f && first[1] === 0x8b) yield* unpack(rest, name);
    else yield* rest;
  } finally {
    void iterator.return(undefined).catch(() => undefined); // not awaited: it may wait for a pipe that says nothing
  }
}

async function* unpack(packed: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream("gzip");
  const progress = { packed: 0, failure: undefined as unknown };
  void feed(stream, packed, progress);
  const reader = stream.readable.getReader();
  let unpacked = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      unpacked += value.length;
      if (unpacked > HARMLESS_BYTES && unpacked > LARGEST_EXPANSION * progress.packed) {
        throw new InputError(
          `${name} unpacks to more than ${LARGEST_EXPANSION} times its size and was given up. Unpack it yourself first.`,
        );
      }
      yield value;
    }
  } catch (cause) {
    if (progress.failure !== undefined) throw progress.failure; // the file, not what is in it
    if (cause instanceof InputError) throw cause;
    throw new InputError(
      `${name} is a broken gzip file: it ends too early or is damaged after ${progress.packed} bytes.`,
      { cause },
    );
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** Hands bytes to the decompressor as fast as it takes them; keeps what went wrong with reading them. */
async function feed(
  stream: DecompressionStream,
  packed: AsyncIterable<Uint8Array>,
  progress: { packed: number; failure: unknown },
): Promise<void> {
  const writer = stream.writable.getWriter();
  try {
    for await (const chunk of packed) {
      progress.packed += chunk.length;
      await writer.write(chunk as Uint8Array<ArrayBuffer>).catch(() => undefined);
    }
  } catch (error) {
    progress.failure = error;
    await writer.abort(error).catch(() => undefined);
  }
  await writer.close().catch(() => undefined); // the reader gets it
}

/** At least two bytes where the file has them. */
async function firstBytes(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let bytes = new Uint8Array(0);
  while (bytes.length < 2) {
    const { value, done } = await iterator.next();
    if (done) break;
    const joined = new Uint8Array(bytes.length + value.length);
    joined.set(bytes);
    joined.set(value, bytes.length);
    bytes = joined;
  }
  return bytes;
}

async function* prepend(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) return;
    yield value;
  }
}

async function* iterate(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
