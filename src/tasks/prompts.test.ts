import { describe, expect, it } from "vitest";
import { resolvePrompt } from "./prompts.ts";

const prompts = new Map([
  ["query", "query: "],
  ["passage", "passage: "],
  ["corpus", "corpus: "],
  ["cluster", "cluster: "],
]);

describe("resolvePrompt", () => {
  it("finds prompts by name", () => {
    const layout = { prompts, defaultPrompt: undefined };
    expect(resolvePrompt(layout, "query")).toBe("query: ");
    expect(resolvePrompt(layout, "cluster")).toBe("cluster: ");
  });

  it("takes the first of document, passage and corpus for documents", () => {
    expect(resolvePrompt({ prompts, defaultPrompt: undefined }, "document")).toBe("passage: ");
    const withDocument = new Map([...prompts, ["document", ""]]);
    expect(resolvePrompt({ prompts: withDocument, defaultPrompt: undefined }, "document")).toBe("");
  });

  it("falls back to the default prompt where there is none for queries or documents", () => {
    const layout = { prompts: new Map([["cluster", "cluster: "]]), defaultPrompt: "cluster" };
    expect(resolvePrompt(layout)).toBe("cluster: ");
    expect(resolvePrompt(layout, "query")).toBe("cluster: ");
    expect(resolvePrompt(layout, "document")).toBe("cluster: ");
  });

  it("is nothing where the checkpoint says nothing", () => {
    const layout = { prompts: new Map<string, string>(), defaultPrompt: undefined };
    expect([undefined, "query", "document"].map((name) => resolvePrompt(layout, name))).toEqual(["", "", ""]);
  });

  it("takes a prompt word for word", () => {
    expect(resolvePrompt({ prompts, defaultPrompt: "query" }, undefined, "Represent: ")).toBe("Represent: ");
    expect(resolvePrompt({ prompts, defaultPrompt: "query" }, undefined, "")).toBe("");
  });

  it("refuses unknown names and two prompts at once", () => {
    const layout = { prompts, defaultPrompt: undefined };
    expect(() => resolvePrompt(layout, "quary")).toThrow(
      'This model has no prompt "quary"; it has "query", "document", "passage", "corpus", "cluster".',
    );
    expect(() => resolvePrompt(layout, "query", "text: ")).toThrow("pass one of them");
  });
});
