import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { Fields } from "./fields.ts";

describe("Fields", () => {
  const fields = new Fields({ text: "a", count: 3, flag: null, inner: { list: [1], __proto__: 7 } }, "x.json");

  it("reads values, missing ones as the fallback says", () => {
    expect(fields.string("text")).toBe("a");
    expect(fields.boolean("flag", true)).toBe(true);
    expect(fields.count("missing", 5)).toBe(5);
    expect(fields.object("inner").list("list")).toEqual([1]);
  });

  it("names file and key of what it cannot use", () => {
    expect(() => fields.string("count")).toThrow(new TokenizerError("x.json: count is 3; expected a string."));
    expect(() => fields.object("inner").string("list")).toThrow(
      "x.json: inner.list is a list of 1; expected a string.",
    );
    expect(() => fields.choice("text", { b: 1 })).toThrow('x.json: text is "a"; known: "b".');
  });

  it("takes nothing for a key that is not there", () => {
    expect(fields.value("constructor")).toBeUndefined();
    expect(() => fields.choice("missing", { b: 1 }, "toString")).toThrow(TokenizerError);
  });
});
