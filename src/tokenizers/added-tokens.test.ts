import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { type AddedToken, AddedTokenFinder, cutAtAddedTokens } from "./added-tokens.ts";

function token(content: string, flags: Partial<AddedToken> = {}): AddedToken {
  return {
    id: 0,
    content,
    singleWord: false,
    stripsLeft: false,
    stripsRight: false,
    normalized: false,
    special: false,
    ...flags,
  };
}

/** The parts of a text, tokens in brackets. */
function cut(text: string, tokens: AddedToken[], accepts = (_: AddedToken) => true): string[] {
  const parts: string[] = [];
  const finder = new AddedTokenFinder(tokens.map((token) => [token.content, token]));
  const between = (start: number, end: number) => parts.push(text.slice(start, end)) > 0;
  const found = (_: AddedToken, start: number, end: number) => parts.push(`[${text.slice(start, end)}]`) > 0;
  cutAtAddedTokens(text, finder, accepts, between, found);
  return parts;
}

describe("added tokens", () => {
  it("are found from left to right, the longest first", () => {
    expect(cut("xabcd", [token("ab"), token("abc"), token("bcd")])).toEqual(["x", "[abc]", "d"]);
  });

  it("take whitespace along", () => {
    const mask = token("<mask>", { stripsLeft: true, stripsRight: true });
    expect(cut("a \t<mask> \n b<mask>", [mask])).toEqual(["a", "[ \t<mask> \n ]", "b", "[<mask>]"]);
  });

  it("stand alone where they have to", () => {
    const word = token("the", { singleWord: true });
    expect(cut("the other, the_ the.", [word])).toEqual(["[the]", " other, the_ ", "[the]", "."]);
    expect(cut("𝒜the", [word])).toEqual(["𝒜the"]);
  });

  it("may be passed over", () => {
    expect(cut("a[X]b", [token("[X]", { special: true })], ({ special }) => !special)).toEqual(["a[X]b"]);
  });

  it("cannot be long enough to slow a text down", () => {
    expect(() => cut("", [token("x".repeat(1025))])).toThrow(TokenizerError);
  });
});
