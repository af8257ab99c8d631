/** The bytes of weight files, with errors that name the file. */
import { type ByteSource, openFile, pathKind } from "#platform";
import { CheckpointError } from "../errors.ts";
import { copyInto } from "./stored-types.ts";

/**
 * Opens a weight file for reading ranges; nothing stays open between reads.
 *
 * @throws CheckpointError when it is missing, and from `read` when it was changed, replaced or cut off since.
 */
export function openWeightSource(file: string): ByteSource {
  if (pathKind(file) !== "file") throw new CheckpointError(`There is no weight file at "${file}".`);
  const source = openFile(file);
  return {
    ...source,
    read(start, length, target) {
      try {
        return source.read(start, length, target);
      } catch (cause) {
        throw new CheckpointError(`"${file}" cannot be read: ${(cause as Error).message}. Open it again.`, { cause });
      }
    },
  };
}

/** A weight file in memory. Reads are views where they are aligned for every element type, copies elsewhere. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    read(start, length, target) {
      const part = bytes.subarray(start, start + length);
      if (target !== undefined) return copyInto(target, part);
      return part.byteOffset % 8 === 0 ? part : part.slice();
    },
  };
}
