import { expect, test } from "vitest";
import { InputError } from "../../errors.ts";
import { checkEtag, isPlainPath, parseHubId } from "./hub-id.ts";

test.each([
  ["BAAI/bge-small-en-v1.5", "BAAI/bge-small-en-v1.5", "main", "models--BAAI--bge-small-en-v1.5"],
  ["org/name@v1.0", "org/name", "v1.0", "models--org--name"],
  ["org/name@refs/pr/1", "org/name", "refs/pr/1", "models--org--name"],
  ["bert-base-uncased", "bert-base-uncased", "main", "models--bert-base-uncased"],
])("%s is an id", (text, id, revision, folderName) => {
  expect(parseHubId(text)).toEqual({ id, revision, folderName });
});

test.each([
  "",
  "/",
  "org/",
  "/name",
  "..",
  "../name",
  "org/..",
  "org/a..b",
  "/org/name",
  "a/b/c",
  "org\\name",
  "C:/name",
  "org/a--b",
  "org/name.git",
  "org/.name",
  "org/name.",
  "org/na me",
  "org/con",
  "NUL",
  "org/name\0",
  "org/nämé",
  `org/${"a".repeat(97)}`,
  "org/name@",
  "org/name@../x",
  "org/name@/x",
  "org/name@a//b",
  "org/name@a/./b",
  "org/name@a\\b",
  "org/name@a\nb",
  "org/name@x.",
])(
  // biome-ignore format: a list
  "%j is none",
  (text) => {
    expect(() => parseHubId(text)).toThrow(InputError);
  },
);

test("names of files", () => {
  expect(["a.json", "1_Pooling/config.json", ".gitattributes"].every(isPlainPath)).toBe(true);
  const odd = ["", "a//b", "../a", "a/..", "/a", "a\\b", "a:b", "a\nb", "aux.json", "a/NUL", "a ", "x".repeat(256)];
  expect(odd.filter(isPlainPath)).toEqual([]);
});

test("ETags become names of files", () => {
  expect(['W/"abc"', '"abc"', "abc"].map((header) => checkEtag(header, "org/name"))).toEqual(["abc", "abc", "abc"]);
  for (const header of [null, "", '""', "..", "a/b", ".abc", "a".repeat(129)]) {
    expect(() => checkEtag(header, "org/name")).toThrow("expected a hash");
  }
});
