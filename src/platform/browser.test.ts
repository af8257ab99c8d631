import { afterEach, expect, test, vi } from "vitest";
import { InputError } from "../errors.ts";
import * as browser from "./browser.ts";

afterEach(() => {
  browser.unmountFiles("models");
  vi.unstubAllGlobals();
});

const bytes = new TextEncoder().encode("0123456789");

test("mounted files are read by path, whole or in ranges", () => {
  browser.mountFiles("models/mini", [
    ["config.json", bytes],
    ["1_Pooling/config.json", bytes],
  ]);
  expect(browser.listFolder("models/mini")).toEqual(["1_Pooling", "config.json"]);
  expect(["models", "models/mini", "models/mini/config.json", "models/mi"].map(browser.pathKind)).toEqual([
    ...["folder", "folder", "file", "missing"],
  ]);
  const source = browser.openFile("models/mini/1_Pooling/../config.json");
  expect(new TextDecoder().decode(source.read(2, 3))).toBe("234");
  const target = new Uint8Array(4);
  expect(source.read(0, 2, target)).toHaveLength(2);
  expect([...target]).toEqual([48, 49, 0, 0]);
  expect(() => source.read(8, 3)).toThrow("the file ends at byte 10");
  expect(browser.readFile("models/mini/config.json")).toEqual(bytes);
  expect(() => browser.openFile("models/other")).toThrow('"models/other" is not among the mounted files.');
});

test("Blobs are read in a worker; elsewhere the error says what to do", () => {
  browser.mountFiles("models", [["m", new Blob([bytes])]]);
  const source = browser.openFile("models/m");
  expect(source.size).toBe(10);
  expect(() => source.read(0, 1)).toThrow('"models/m" is a Blob, which only a worker can read in place.');
  // As a worker's own, on the bytes that the Blob was made from: Node has no way to wait for a Blob.
  const slices: [number, number][] = [];
  vi.spyOn(Blob.prototype, "slice").mockImplementation((start = 0, end = 0) => {
    slices.push([start, end]);
    return new Blob();
  });
  class FileReaderSync {
    readAsArrayBuffer = () => bytes.slice(...slices.at(-1)!).buffer;
  }
  vi.stubGlobal("FileReaderSync", FileReaderSync);
  expect(new TextDecoder().decode(source.read(3, 4))).toBe("3456");
  vi.restoreAllMocks();
});

test("what browsers cannot do says so", () => {
  const impossible = [
    () => browser.makeFolder("x"),
    () => browser.writeFile("x", []),
    () => browser.movePath("x", "y"),
    () => browser.removePath("x"),
    () => browser.partialName("x"),
    () => browser.sha256([]),
  ];
  for (const attempt of impossible) expect(attempt).toThrow(InputError);
  expect(() => browser.writeFile("x", [])).toThrow('Cannot write "x" in a browser: this needs Node.');
  expect(browser.findPackage("vitest")).toBeUndefined();
});
