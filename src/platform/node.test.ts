import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import * as browser from "./browser.ts";
import * as node from "./node.ts";

test("the browser has every name that Node has", () => {
  expect(Object.keys(node).filter((name) => !(name in browser))).toEqual([]);
});

test("kinds of paths, links and names", () => {
  const folder = temporaryFolder({ file: "x", "inner/y": "y" });
  symlinkSync("file", join(folder, "link"));
  linkSync(join(folder, "file"), join(folder, "hard"));
  expect(["", "file", "link", "nothing"].map((name) => node.pathKind(join(folder, name)))).toEqual([
    ...["folder", "file", "file", "missing"],
  ]);
  expect(node.listFolder(folder)).toEqual(["file", "hard", "inner", "link"]);
  expect(node.realPath(join(folder, "link"))).toBe(node.realPath(join(folder, "file")));
  expect(node.linkCount(join(folder, "hard"))).toBe(2);
  expect(node.baseName(`${folder}/inner/`)).toBe("inner");
});

test("what lies inside a folder", () => {
  expect(node.isInside("/a/b", "/a/b/c")).toBe(true);
  expect(node.isInside("/a/b", "/a/b/..c")).toBe(true);
  for (const other of ["/a/b", "/a", "/a/bc", "/a/b/../c"]) expect(node.isInside("/a/b", other)).toBe(false);
});

test("ranges of a file, into a given array as well", () => {
  const folder = temporaryFolder({ file: "0123456789" });
  const source = node.openFile(join(folder, "file"));
  expect(source.size).toBe(10);
  expect(new TextDecoder().decode(source.read(3, 4))).toBe("3456");
  const target = new Uint8Array(6).fill(0x2d);
  expect(source.read(8, 2, target)).toHaveLength(2);
  expect(new TextDecoder().decode(target)).toBe("89----");
  expect(() => source.read(8, 3)).toThrow("the file ends at byte 10, before byte 11");
  expect(() => source.read(0, 10, target)).toThrow("the target holds 6 bytes, not 10");
});

test("a file is replaced when it is whole, and not at all when writing fails", () => {
  const folder = temporaryFolder({ file: "old" });
  const file = join(folder, "file");
  const chunks = [new Uint8Array(100_000).fill(1), new Uint8Array(3).fill(2)];
  function* failing() {
    yield chunks[0]!;
    expect(readFileSync(file, "utf8")).toBe("old");
    throw new Error("out of numbers");
  }
  expect(() => node.writeFile(file, failing())).toThrow("out of numbers");
  expect(readFileSync(file, "utf8")).toBe("old");
  node.writeFile(file, chunks);
  expect(statSync(file).size).toBe(100_003);
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("two names for partial files are never the same", () => {
  expect(node.partialName("/a/b")).toMatch(/^\/a\/b\.[0-9a-f]{8}\.partial$/);
  expect(node.partialName("/a/b")).not.toBe(node.partialName("/a/b"));
});

test("SHA-256 over chunks", () => {
  const chunks = ["ab", "c"].map((text) => new TextEncoder().encode(text));
  expect(node.sha256(chunks)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("packages are found beside Cloze and beside the project", () => {
  expect(node.findPackage("vitest")).toMatch(/node_modules.vitest$/);
  expect(node.findPackage("@no-such/package")).toBeUndefined();
  const project = temporaryFolder();
  mkdirSync(join(project, "node_modules", "mine"), { recursive: true });
  writeFileSync(join(project, "node_modules", "mine", "package.json"), "{}");
  const before = process.cwd();
  try {
    process.chdir(project);
    expect(node.findPackage("mine")).toMatch(/node_modules.mine$/);
  } finally {
    process.chdir(before);
  }
});
