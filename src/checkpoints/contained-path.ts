/** Paths that files of a checkpoint name (shards, modules): they must stay inside the checkpoint's own folder. */
import { isInside, joinPath, linkCount, pathKind, realPath } from "#platform";
import { CheckpointError } from "../errors.ts";

/** Plain relative names: no "..", drive, scheme, backslash, NUL or leading "/". */
const PLAIN = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[^\\:\0/]+(?:\/[^\\:\0/]+)*$/;
/** The hub's cache keeps snapshots of links into a folder of blobs beside them. */
const HUB_SNAPSHOT = /^(.*[\\/]models--[^\\/]+)[\\/]snapshots[\\/][^\\/]+/;

/**
 * The path of a file that another file names. Comparing text is not containment: links are followed, hard links refused.
 *
 * @param namedBy what errors call the file that names it
 * @throws CheckpointError when it is missing or lies elsewhere.
 */
export function containedFile(folder: string, name: string, namedBy: string): string {
  const file = containedPath(folder, name, namedBy);
  if (pathKind(file) !== "file")
    throw new CheckpointError(`${namedBy} names "${name}", which is missing from "${folder}".`);
  const root = realPath(folder);
  const real = realPath(file);
  const blobs = HUB_SNAPSHOT.exec(root)?.[1];
  if (blobs !== undefined && isInside(joinPath(blobs, "blobs"), real)) return file;
  if (!isInside(root, real)) throw new CheckpointError(`${namedBy} names "${name}", a link out of "${folder}".`);
  if (linkCount(real) > 1) throw new CheckpointError(`${namedBy} names "${name}", a hard link. Copy the file instead.`);
  return file;
}

/** The path of a folder (or a file that may be absent) that another file names; "" is the folder itself. */
export function containedPath(folder: string, name: string, namedBy: string): string {
  if (name === "") return folder;
  if (name.length > 255 || !PLAIN.test(name)) {
    throw new CheckpointError(
      `${namedBy} names ${JSON.stringify(name.slice(0, 80))}; expected a plain name inside the folder.`,
    );
  }
  const path = joinPath(folder, name);
  if (pathKind(path) === "folder" && !isInside(realPath(folder), realPath(path))) {
    throw new CheckpointError(`${namedBy} names "${name}", a link out of "${folder}".`);
  }
  return path;
}
