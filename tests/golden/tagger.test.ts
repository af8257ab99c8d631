import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Tagger } from "../../src/tasks/tagger.ts";
import { contextFreeFolder } from "../support/context-free-folder.ts";
import { copiedFolder } from "../support/copied-folder.ts";
import { describeShared, sharedPath } from "../support/shared.ts";

const backend = await createBackend(undefined, { threads: 2 });

async function load(folder = sharedPath("goldens/pipelines/tagger")): Promise<Tagger> {
  const tagger = await Tagger.load(folder, { backend });
  onTestFinished(() => tagger.dispose());
  return tagger;
}

describeShared("Tagger", "goldens/pipelines", () => {
  it("knows its labels and their scheme", async () => {
    const tagger = await load();
    expect(tagger).toMatchObject({ labels: ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"], scheme: "BIO", maxLength: 48 });
  });

  it("takes one, arrays and streams", async () => {
    const tagger = await load();
    const inputs = ["a man in Zürich", "", { words: ["a", "man"] }];
    const all = await tagger.tag(inputs);
    expect(await Promise.all(inputs.map((input) => tagger.tag(input)))).toEqual(all);
    const streamed = [];
    for await (const entities of tagger.tag(new Set(inputs))) streamed.push(entities);
    expect(streamed).toEqual(all);
    expect(await tagger.tag([])).toEqual([]);
    expect([all[1], await tagger.tag({ words: [] })]).toEqual([[], []]);
    const [detailed] = await tagger.tag(inputs, { detail: true });
    expect(detailed).toEqual({ entities: all[0], tokens: 9, truncated: false, droppedCharacters: 0 });
  });

  it("takes words that were cut before, whatever stands in them", async () => {
    const tagger = await load();
    const text = "A man in Zürich is playing the flute";
    const words = text.split(" ");
    for (const aggregation of ["none", "simple", "first"] as const) {
      expect(await tagger.tag({ words }, { aggregation })).toEqual(await tagger.tag(text, { aggregation }));
    }
    const [, , place] = await tagger.tag({ words: ["a", "man", "in New York", "is"] }, { aggregation: "first" });
    expect(place).toMatchObject({ text: "in New York", start: 6, end: 17 });
  });

  it("counts UTF-16 units", async () => {
    const tagger = await load(contextFreeFolder("pipelines/tagger"));
    const plain = await tagger.tag("people in Zürich", { aggregation: "first" });
    const shifted = await tagger.tag("🎈 people in Zürich", { aggregation: "first" });
    for (const { text, start, end } of shifted) expect("🎈 people in Zürich".slice(start, end)).toBe(text);
    expect(shifted.slice(-plain.length)).toEqual(plain.map((it) => ({ ...it, start: it.start + 3, end: it.end + 3 })));
  });

  it("begins every entity that it constrains", async () => {
    const tagger = await load();
    const text = "It's a small-town story about cats & dogs.";
    const free = await tagger.tag(text, { aggregation: "none" });
    const legal = await tagger.tag(text, { aggregation: "none", constrained: true });
    const isBegun = (all: typeof free) =>
      all.every(({ label, start }, i) => {
        const before = all[i - 1];
        const touches = before !== undefined && text.slice(before.end, start).trim() === "";
        return label.startsWith("B-") || (touches && before.label.slice(2) === label.slice(2));
      });
    expect([isBegun(free), isBegun(legal)]).toEqual([false, true]);
  });

  describe("bad input", () => {
    it("is told what is wrong", async () => {
      const tagger = await load();
      await expect(tagger.tag(["a", 7 as never])).rejects.toThrow("Text 1 is of type number; expected a string.");
      await expect(tagger.tag({ words: ["a", 7 as never] })).rejects.toThrow("The text has a word of type number");
      await expect(tagger.tag({ words: "a" as never })).rejects.toThrow("The text has a word of type string");
      await expect(tagger.tag(undefined as never)).rejects.toThrow("Cannot tag a value of type undefined");
      await expect(tagger.tag("a", { aggregation: "last" as never })).rejects.toThrow(
        'aggregation is "last"; expected "none", "simple", "first", "average", "max".',
      );
      await expect(tagger.tag("a", { merge: "all" as never })).rejects.toThrow('merge is "all"');
      await expect(tagger.tag("a ".repeat(60), { truncation: "error" })).rejects.toThrow("The text has 62 tokens");
      await expect(tagger.tag("a ".repeat(60), { stride: 46 })).rejects.toThrow("stride is 46");
    });

    it("has no head, or labels without names", async () => {
      await expect(load(sharedPath("goldens/pipelines/qa"))).rejects.toThrow(
        "It opens as Answerer, Embedder or Encoder.",
      );
      await expect(Tagger.load()).rejects.toThrow("Tagger has no default one");
      const id2label = Object.fromEntries([0, 1, 2, 3, 4].map((i) => [i, `LABEL_${i}`]));
      const nameless = await load(copiedFolder("pipelines/tagger", { id2label, label2id: undefined }));
      await expect(nameless.tag("a man")).rejects.toThrow("id2label gives the labels no names");
      expect(await nameless.tag("a man", { aggregation: "none" })).toMatchObject([{ text: "a" }, { text: "man" }]);
    });
  });

  describe("a document of 20,000 tokens", () => {
    const { tagger: rows } = JSON.parse(readFileSync(sharedPath("goldens/pipelines/expected.json"), "utf8"));
    const texts = [...new Set(rows.map(({ text }: { text: string }) => text))] as string[];
    const words = texts.flatMap((text) => text.match(/\p{L}+/gu) as string[]);

    it.each(["none", "simple", "first", "average", "max"] as const)(
      "has every entity once: %s",
      async (aggregation) => {
        const tagger = await load(contextFreeFolder("pipelines/tagger"));
        const labels = await tagger.tag(words, { aggregation: "none" });
        // Of pieces that end with a word outside of entities none goes on in the next.
        const outside = words[labels.findIndex((entities) => entities.length === 0)] as string;
        const pieces = Array.from({ length: 800 }, (_, i) => {
          const chosen = Array.from(
            { length: 9 + (i % 5) },
            (_, k) => words[(i * i * 7 + k * k * 3 + k) % words.length],
          );
          return [...chosen, outside].join(" ");
        });
        const text = pieces.join(" ");
        const alone = await tagger.tag(pieces, { aggregation });
        let at = 0;
        const expected = alone.flatMap((entities, i) => {
          const shift = at;
          at += (pieces[i] as string).length + 1;
          return entities.map((it) => ({ ...it, start: it.start + shift, end: it.end + shift }));
        });
        const { entities, tokens } = await tagger.tag(text, { aggregation, detail: true });
        expect(tokens).toBeGreaterThan(20_000);
        expect(entities.length).toBeGreaterThan(2_000);
        expect(entities.map(({ label, text, start, end }) => ({ label, text, start, end }))).toEqual(
          expected.map(({ label, text, start, end }) => ({ label, text, start, end })),
        );
        for (const [i, { score }] of entities.entries()) expect(score).toBeCloseTo(expected[i]?.score as number, 5);
      },
    );
  });
});
