import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Every file below a folder: "-> target" of a link, else bytes and the beginning of the SHA-256. */
export function readTree(folder: string): { [path: string]: string } {
  const paths = readdirSync(folder, { recursive: true }).map(String).sort();
  const files = paths.filter((path) => !lstatSync(join(folder, path)).isDirectory());
  return Object.fromEntries(files.map((path) => [path, describe(join(folder, path))]));
}

/** Makes the tree that `readTree` described, of contents that it may hold. */
export function writeTree(folder: string, tree: { readonly [path: string]: string }, contents: Iterable<string>): void {
  const known = new Map([...contents].map((content) => [describeBytes(Buffer.from(content)), content]));
  for (const [path, description] of Object.entries(tree)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    const content = known.get(description);
    if (description.startsWith("-> ")) symlinkSync(description.slice(3), file);
    else if (content !== undefined) writeFileSync(file, content);
    else throw new Error(`no content is known for ${path}: ${description}`);
  }
}

function describe(path: string): string {
  if (lstatSync(path).isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  return describeBytes(readFileSync(path));
}

function describeBytes(bytes: Uint8Array): string {
  return `${bytes.length} bytes, ${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}`;
}
