import { expect, it } from "vitest";
import { translateRegex } from "./regex-translation.ts";

const SPACES = "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}";

it.each([
  ["a|b*", "a|b*"],
  ["\\s+", `[${SPACES}]+`],
  ["\\S", "["],
  ["[\\s,]", `[${SPACES},]`],
  ["\\d[\\D]\\h", "[\\p{Nd}][\\P{Nd}][0-9a-fA-F]"],
  ["\\H", "[^0-9a-fA-F]"],
  ["\\u00e9\\x41\\x{1F600}\\e", "\\x{00e9}\\x{41}\\x{1F600}\\x{1B}"],
  ["\\p{Lu}\\p{^Lu}\\P{Lu}\\P{^Lu}", "\\p{Lu}\\P{Lu}\\P{Lu}\\p{Lu}"],
  ["[]a][^]a]", "[\\]a][^\\]a]"],
  ["\\.\\[\\-\\/", "\\x{2e}\\x{5b}\\x{2d}\\x{2f}"],
  ["(?i:'s|😀)", "(?i:'s|😀)"],
])("%s becomes what RE2 takes for the same", (source, expected) => {
  const translated = translateRegex(source, "pattern");
  if (expected === "[") expect(translated.startsWith("[\\x{0}-\\x{8}\\x{E}-")).toBe(true);
  else expect(translated).toBe(expected);
});

it("writes letters, marks and numbers out, as the reference's Unicode version has them", () => {
  expect(translateRegex("\\p{N}", "pattern")).toMatch(/^\[\\x\{30\}-\\x\{39\}\\x\{b2\}-\\x\{b3\}/);
  expect(translateRegex("[^\\p{L}]", "pattern")).toMatch(/^\[\^\\x\{41\}-\\x\{5a\}/);
  expect(translateRegex("\\P{L}", "pattern")).toMatch(/^\[\^\\x\{41\}-\\x\{5a\}/);
});

it("keeps lookaround for an engine that knows it", () => {
  expect(translateRegex("(?<!a)b(?=c)", "pattern", { lookaround: true })).toBe("(?<!a)b(?=c)");
});
