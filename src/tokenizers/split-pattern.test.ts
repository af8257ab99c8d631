import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { patternFinder, type SplitPattern } from "./split-pattern.ts";

/** What a pattern matches. */
function matches(pattern: SplitPattern, text: string): string[] {
  const found: string[] = [];
  patternFinder(pattern)(text, (start, end) => found.push(text.slice(start, end)));
  return found;
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const CL100K =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" +
  "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

describe("known patterns", () => {
  it("cut as GPT-2 does", () => {
    expect(matches({ Regex: GPT2 }, "I'll   pay 100$,\n'S 中文!")).toEqual(
      ["I", "'ll", "  ", " pay", " 100", "$,", "\n", "'", "S", " 中文", "!"], // biome-ignore format: a list
    );
  });

  it("cut as cl100k does", () => {
    expect(matches({ Regex: CL100K }, "I'LL pay 12345$!\n\n  \n x\tyé")).toEqual(
      ["I", "'LL", " pay", " ", "123", "45", "$!\n\n", "  \n", " x", "\tyé"], // biome-ignore format: a list
    );
    expect(matches({ Regex: CL100K.replace("{1,3}", "") }, "12 3")).toEqual(["1", "2", " ", "3"]);
  });
});

describe("other patterns", () => {
  it("match in linear time, with the classes of the reference", () => {
    expect(matches({ Regex: "\\s+" }, "a \u00a0\u3000b\ufeff")).toEqual([" \u00a0\u3000"]);
    expect(matches({ Regex: "\\d{2}" }, "1२345")).toEqual(["1२", "34"]);
    expect(matches({ Regex: "[\\p{L}😀]+" }, "a😀𝒜1é")).toEqual(["a😀𝒜", "é"]);
  });

  it("may end with a space that gives back its last character", () => {
    const pattern = { Regex: "\\p{L}+|\\s+(?!\\S)|\\s+" };
    expect(matches(pattern, "a  b \n")).toEqual(["a", " ", " ", "b", " \n"]);
    expect(matches({ Regex: "\\s+(?!\\S)|\\s+" }, "a   b")).toEqual(["  ", " "]);
  });

  it("may match nothing, which cuts all the same", () => {
    const cuts: number[][] = [];
    patternFinder({ Regex: "b*" })("abbc", (start, end) => cuts.push([start, end]));
    expect(cuts).toEqual([[0, 0], [1, 3], [4, 4]]); // biome-ignore format: pairs
    expect(matches({ Regex: "" }, "a😀")).toEqual(["", "", ""]);
    expect(matches({ String: "" }, "a😀")).toEqual(["", "", ""]);
  });

  it("may be a literal text", () => {
    expect(matches({ String: ".." }, "a...b..")).toEqual(["..", ".."]);
  });
});

describe("hostile patterns", () => {
  it.each(["(a+)+$", "(x+x+)+y", "(a|aa)+$", "(.*)*z", "(\\w+\\s?)*!"])("%s takes linear time", (source) => {
    const find = patternFinder({ Regex: source });
    const text = "a".repeat(50_000);
    const started = performance.now();
    find(text, () => {});
    expect(performance.now() - started).toBeLessThan(1500); // any backtracking engine takes years
  });

  it("that read on to the end for every match are stopped", () => {
    const find = patternFinder({ Regex: "a+b|a" });
    expect(() => find("a".repeat(60_000), () => {})).toThrow(/takes too long on a text of 60000 characters/);
  });

  it.each([
    ["\\d(?=\\D)", "lookaround"],
    ["(?<!a)b", "lookaround"],
    ["(?>a|b)c", "an atomic group"],
    ["(a)\\1", "a back reference"],
    ["\\bword", "an assertion"],
    ["a++b", "a possessive quantifier"],
    ["(?m:.)", "a mode other than i"],
    ["[a[bc]]", "a class within a class"],
    ["[a-z&&[^b]]", "an intersection"],
    ["[^\\W]", "a negated class"],
  ])("%s is refused for %s", (source, construct) => {
    expect(() => patternFinder({ Regex: source }, { origin: "tokenizer.json: pre_tokenizer" })).toThrow(TokenizerError);
    expect(() => patternFinder({ Regex: source }, { origin: "tokenizer.json: pre_tokenizer" })).toThrow(
      new RegExp(`^tokenizer\\.json: pre_tokenizer: the pattern .*${construct}`),
    );
  });

  it.each(["(", "a**", "[", "\\p{Nonsense}", "(?:a{1000}){1000}", "a{0,900}"])("%s is refused", (source) => {
    expect(() => patternFinder({ Regex: source })).toThrow(TokenizerError);
  });

  it("may have lookaround when the file is trusted", () => {
    const find = patternFinder({ Regex: "(?<=\\d)\\.(?=\\s)" }, { patterns: "backtracking" });
    const found: number[] = [];
    find("1. 2.x\u0085 3.\u0085", (start) => found.push(start));
    expect(found).toEqual([1, 9]);
  });
});
