import fc from "fast-check";
import { expect, it } from "vitest";
import { byteOfCharacter } from "./byte-level.ts";
import { NormalizedText } from "./normalized-text.ts";
import { ByteLevelNormalizer } from "./normalizers/byte-level-normalizer.ts";
import { Pieces } from "./pieces.ts";
import { ByteLevelPreTokenizer } from "./pre-tokenizers/byte-level-pre-tokenizer.ts";

const wellFormed = fc.string({ unit: "grapheme" });

function toByteLevel(text: string, base = 0): NormalizedText {
  return new ByteLevelNormalizer().normalize(new NormalizedText(text, base));
}

it("writes every byte as a printable character, and back", () => {
  expect(toByteLevel(" a\n").text).toBe("ĠaĊ");
  expect(toByteLevel("é中").text).toBe("Ã©ä¸Ń");
  fc.assert(
    fc.property(wellFormed, (text) => {
      const characters = [...toByteLevel(text).text];
      expect(characters.every((character) => /^[!-~¡-¬®-ń]$/.test(character))).toBe(true);
      expect(characters.map(byteOfCharacter)).toEqual([...new TextEncoder().encode(text)]);
    }),
  );
  expect(byteOfCharacter(" ")).toBeUndefined();
});

it("aligns every byte with its character", () => {
  const text = toByteLevel("a😀é", 10);
  const ranges = Array.from(text.text, (_, i) => [text.originalStart(i), text.originalEnd(i + 1)]);
  expect(ranges).toEqual([[10, 11], ...new Array(4).fill([11, 13]), ...new Array(2).fill([13, 14])]);
});

/** The pieces of a text, `written start-end`. */
function split(preTokenizer: ByteLevelPreTokenizer, text: string): string[] {
  const pieces = preTokenizer.split(Pieces.whole(new NormalizedText(text)));
  return Array.from({ length: pieces.length }, (_, i) => {
    const [start, end] = [pieces.starts[i]!, pieces.ends[i]!];
    const written = pieces.text.text.slice(start, end);
    return `${written} ${pieces.text.originalStart(start)}-${pieces.text.originalEnd(end)}`;
  });
}

it("cuts into words that keep the space before them", () => {
  const preTokenizer = new ByteLevelPreTokenizer({ addsPrefixSpace: false });
  expect(split(preTokenizer, "Hello my  friend,\n")).toEqual([
    "Hello 0-5",
    "Ġmy 5-8",
    "Ġ 8-9",
    "Ġfriend 9-16",
    ", 16-17",
    "Ċ 17-18",
  ]);
});

it("sets a space before the first word, aligned with its first character", () => {
  const preTokenizer = new ByteLevelPreTokenizer();
  expect(split(preTokenizer, "é x")).toEqual(["ĠÃ© 0-1", "Ġx 1-3"]);
  expect(split(preTokenizer, " a")).toEqual(["Ġa 0-2"]);
});

it("leaves the text in one piece when it is not to be cut", () => {
  const preTokenizer = new ByteLevelPreTokenizer({ addsPrefixSpace: false, splits: false });
  expect(split(preTokenizer, "a b")).toEqual(["aĠb 0-3"]);
});
