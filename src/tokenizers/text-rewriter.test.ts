import { describe, expect, it } from "vitest";
import { NormalizedText } from "./normalized-text.ts";
import { TextRewriter } from "./text-rewriter.ts";

/** Original range of every unit. */
const ranges = (text: NormalizedText) =>
  Array.from(text.text, (_, i) => [text.originalStart(i), text.originalEnd(i + 1)].join("-")).join(" ");

describe("TextRewriter", () => {
  it("keeps no arrays while every unit stays where it is", () => {
    const rewriter = new TextRewriter(new NormalizedText("aBc", 5));
    rewriter.copy(0, 1);
    rewriter.put("b", 1);
    rewriter.copy(2, 3);
    const text = rewriter.finish();
    expect(text.text).toBe("abc");
    expect(text.starts).toBeUndefined();
    expect(ranges(text)).toBe("5-6 6-7 7-8");
  });

  it("aligns what is inserted, replaced and removed", () => {
    const rewriter = new TextRewriter(new NormalizedText("abcd"));
    rewriter.put("_", -1);
    rewriter.copy(0, 1);
    rewriter.put("xy", 1);
    rewriter.copy(3, 4);
    const text = rewriter.finish();
    expect(text.text).toBe("_axyd");
    expect(ranges(text)).toBe("0-0 0-1 1-2 1-2 3-4");
  });

  it("aligns with whole characters", () => {
    const rewriter = new TextRewriter(new NormalizedText("😀a"));
    rewriter.put("<", 0);
    rewriter.put(">", 1);
    rewriter.copy(2, 3);
    expect(ranges(rewriter.finish())).toBe("0-2 0-2 2-3");
  });

  it("goes through several steps", () => {
    const first = new TextRewriter(new NormalizedText("ab"));
    first.copy(1, 2);
    const second = new TextRewriter(first.finish());
    second.put("B!", 0);
    expect(ranges(second.finish())).toBe("1-2 1-2");
  });
});
