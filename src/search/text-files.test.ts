import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readTextFiles } from "./text-files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloze-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string | Uint8Array = path): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** Names below the folder, and the notes, with the folder's name left out. */
function read(...paths: string[]) {
  const notes: string[] = [];
  const files = [...readTextFiles(paths, { onNote: (note) => notes.push(note.replaceAll(folder, "")) })];
  return { files: files.map(({ file }) => file.slice(folder.length)), texts: files.map(({ text }) => text), notes };
}

test("folders are read whole and in order, but for dot names and node_modules", () => {
  for (const path of ["b.txt", "a/z.md", "a/b/c.txt", ".git/config", "node_modules/x/index.js", ".env"]) write(path);
  expect(read(folder)).toEqual({
    files: ["/a/b/c.txt", "/a/z.md", "/b.txt"],
    texts: ["a/b/c.txt", "a/z.md", "b.txt"],
    notes: [],
  });
});

test("what is named is read whatever its name", () => {
  for (const path of [".env", "node_modules/x.txt"]) write(path);
  expect(read(join(folder, ".env"), join(folder, "node_modules")).files).toEqual(["/.env", "/node_modules/x.txt"]);
});

test("links to files are read, links to folders and to nothing are not", () => {
  write("real/a.txt");
  symlinkSync(join(folder, "real/a.txt"), join(folder, "link.txt"));
  symlinkSync(folder, join(folder, "loop"));
  symlinkSync(join(folder, "nothing"), join(folder, "dangling"));
  expect(read(folder).files).toEqual(["/link.txt", "/real/a.txt"]);
});

test("binary files are passed over and counted, bad bytes replaced, a byte order mark kept", () => {
  write("a.bin", new Uint8Array([65, 0]));
  write("b.bin", new Uint8Array(9));
  write("c.txt", new Uint8Array([0xe9, 65]));
  write("d.txt", "\ufeffx");
  expect(read(folder)).toEqual({
    files: ["/c.txt", "/d.txt"],
    texts: ["\ufffdA", "\ufeffx"],
    notes: [
      "/c.txt is not valid UTF-8; the bytes that are none were read as U+FFFD.",
      "2 binary files were passed over, /a.bin among them.",
    ],
  });
});

test("a path that is not there is told before anything is read", () => {
  write("a.txt");
  const files = readTextFiles([join(folder, "a.txt"), join(folder, "b.txt")], { onNote: () => undefined });
  expect(() => files.next()).toThrow(/There is no file or folder ".*b\.txt" to search\./);
});
