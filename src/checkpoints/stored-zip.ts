/**
 * Reading zip archives whose members are stored as they are, which is how PyTorch writes its files. Compressed and
 * encrypted members are refused, so nothing ever expands: what is read is never more than the file holds.
 * Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64).
 */
import type { ByteSource } from "#platform";
import { CheckpointError } from "../errors.ts";

/** Where a member's bytes lie in the archive. */
export interface StoredMember {
  readonly start: number;
  readonly size: number;
}

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** A size or offset that does not fit in 32 bits: it stands in the zip64 extra field. */
const IN_EXTRA = 0xffffffff;
const END_BYTES = 22;
const LARGEST_DIRECTORY = 2 ** 26;

/**
 * The members of an archive, by name. Directories are left out.
 *
 * @throws CheckpointError when it is no zip archive, damaged, or holds compressed or encrypted members.
 */
export function readStoredZip(source: ByteSource): Map<string, StoredMember> {
  const { start, size, count } = findDirectory(source);
  if (start + size > source.size || size > LARGEST_DIRECTORY) fail(source, "its directory lies outside the file");
  const directory = view(source.read(start, size));
  const members = new Map<string, StoredMember>();
  let total = 0;
  let position = 0;
  for (let i = 0; i < count; i++) {
    if (position + 46 > size || directory.getUint32(position, true) !== CENTRAL)
      fail(source, "its directory is damaged");
    const entry = readEntry(source, directory, position);
    position = entry.next;
    if (entry.name.endsWith("/")) continue;
    if (members.has(entry.name)) fail(source, `it holds "${entry.name}" twice`);
    total += entry.size;
    // Members that share bytes could claim more than the file holds.
    if (total > source.size) fail(source, "its members are larger than the file");
    members.set(entry.name, { start: dataStart(source, entry, start), size: entry.size });
  }
  return members;
}

/** The end record stands last, before a comment of at most 64 KiB. */
function findDirectory(source: ByteSource): { start: number; size: number; count: number } {
  const tailBytes = Math.min(source.size, END_BYTES + 0xffff);
  const tailStart = source.size - tailBytes;
  const tail = view(source.read(tailStart, tailBytes));
  let at = tailBytes - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at--;
  if (at < 0) fail(source, "it is no zip archive, or cut off");
  const locator = at - 20;
  if (locator >= 0 && tail.getUint32(locator, true) === END64_LOCATOR) {
    return readEnd64(source, bigAt(source, tail, locator + 8));
  }
  return {
    count: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    start: tail.getUint32(at + 16, true),
  };
}

function readEnd64(source: ByteSource, at: number): { start: number; size: number; count: number } {
  if (at + 56 > source.size) fail(source, "its zip64 record lies outside the file");
  const record = view(source.read(at, 56));
  if (record.getUint32(0, true) !== END64) fail(source, "its zip64 record is damaged");
  return { count: bigAt(source, record, 32), size: bigAt(source, record, 40), start: bigAt(source, record, 48) };
}

interface DirectoryEntry {
  readonly name: string;
  readonly size: number;
  readonly offset: number;
  /** Position of the next entry in the directory. */
  readonly next: number;
}

function readEntry(source: ByteSource, directory: DataView, at: number): DirectoryEntry {
  const nameLength = directory.getUint16(at + 28, true);
  const extraLength = directory.getUint16(at + 30, true);
  const next = at + 46 + nameLength + extraLength + directory.getUint16(at + 32, true);
  if (next > directory.byteLength) fail(source, "its directory is damaged");
  const bytes = new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength);
  const name = new TextDecoder().decode(bytes);
  if (directory.getUint16(at + 8, true) & 1) fail(source, `"${name}" is encrypted`);
  if (directory.getUint16(at + 10, true) !== 0) fail(source, `"${name}" is compressed; expected stored members`);
  // Each value of 2^32 - 1 is replaced by the next 8 bytes of the zip64 extra field, in this order.
  const wide = zip64Values(source, directory, at + 46 + nameLength, extraLength);
  const [size, stored, offset] = [24, 20, 42].map((field) => {
    const value = directory.getUint32(at + field, true);
    return value === IN_EXTRA ? (wide.shift() ?? fail(source, `"${name}" lacks its zip64 sizes`)) : value;
  });
  if (size !== stored) fail(source, `"${name}" has two sizes`);
  return { name, size: size!, offset: offset!, next };
}

function zip64Values(source: ByteSource, directory: DataView, start: number, length: number): number[] {
  for (let at = start; at + 4 <= start + length; at += 4 + directory.getUint16(at + 2, true)) {
    if (directory.getUint16(at, true) !== 1) continue;
    const count = Math.floor(Math.min(directory.getUint16(at + 2, true), start + length - at - 4) / 8);
    return Array.from({ length: count }, (_, i) => bigAt(source, directory, at + 4 + 8 * i));
  }
  return [];
}

/** Only the member's own header says where its bytes begin: its extra field may differ from the directory's. */
function dataStart(source: ByteSource, { name, size, offset }: DirectoryEntry, directoryStart: number): number {
  if (offset + 30 > directoryStart) fail(source, `"${name}" lies outside the file`);
  const header = view(source.read(offset, 30));
  if (header.getUint32(0, true) !== LOCAL) fail(source, `the header of "${name}" is damaged`);
  const start = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + size > directoryStart) fail(source, `"${name}" lies outside the file`);
  return start;
}

function bigAt(source: ByteSource, data: DataView, at: number): number {
  const value = data.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) fail(source, "a size in it is larger than any file");
  return Number(value);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function fail(source: ByteSource, what: string): never {
  throw new CheckpointError(`"${source.name}" cannot be read: ${what}.`);
}
