import { expect, it } from "vitest";
import { compileCharsmap } from "../../../tests/support/compile-charsmap.ts";
import { NormalizedText } from "../normalized-text.ts";
import { Precompiled } from "./precompiled.ts";

const normalizer = new Precompiled(compileCharsmap({ "™": "TM", "½": "1/2", é: "e", "\u0007": "", "\u3000": " " }));

/** The normalized text and, for each character, `character start-end` of what it came from. */
function normalize(text: string): string[] {
  const normalized = normalizer.normalize(new NormalizedText(text));
  let at = 0;
  return Array.from(normalized.text, (character) => {
    const start = normalized.originalStart(at);
    at += character.length;
    return `${character} ${start}-${normalized.originalEnd(at)}`;
  });
}

it("returns the text itself when no key is in it", () => {
  const text = new NormalizedText("a 中😀e\u0301");
  expect(normalizer.normalize(text)).toBe(text);
});

it("aligns an expansion with the character that expands", () => {
  expect(normalize("a½😀é")).toEqual(["a 0-1", "1 1-2", "/ 1-2", "2 1-2", "😀 2-4", "e 4-5"]);
});

it("replaces a short cluster as a whole by what its beginning becomes", () => {
  expect(normalize("é\u0301x")).toEqual(["e 0-1", "x 2-3"]);
  expect(normalize("é\u0301\u0301x")).toEqual(["e 0-1", "\u0301 1-2", "\u0301 2-3", "x 3-4"]);
});

it("removes characters", () => {
  expect(normalize("a\u0007b")).toEqual(["a 0-1", "b 2-3"]);
});

// The next two are how the reference counts.
it("does not count what is removed at the beginning", () => {
  expect(normalize("\u0007\u0007ab")).toEqual(["a 0-1", "b 1-2"]);
});

it("aligns the end of an expansion with what is removed after it", () => {
  expect(normalize("™\u0007g")).toEqual(["T 0-1", "M 1-2", "g 2-3"]);
});
