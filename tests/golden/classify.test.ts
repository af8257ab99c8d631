import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Classifier } from "../../src/tasks/classifier.ts";
import type { LoadOptions } from "../../src/tasks/load-options.ts";
import type { Progress } from "../../src/tasks/progress.ts";
import { ZeroShotClassifier } from "../../src/tasks/zero-shot-classifier.ts";
import { copiedFolder } from "../support/copied-folder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const PIPELINES = "goldens/pipelines";

interface Recorded {
  readonly text: string;
  readonly pair?: string;
  readonly result: readonly { readonly label: string; readonly score: number }[];
}

interface RecordedZeroShot {
  readonly text: string;
  readonly labels: readonly string[];
  readonly multi_label: boolean;
  readonly result: { readonly labels: readonly string[]; readonly scores: readonly number[] };
}

function recorded<R = Recorded>(name: string): readonly R[] {
  return JSON.parse(readFileSync(sharedPath(PIPELINES, "expected.json"), "utf8"))[name];
}

/** The same labels in the same order, and their scores. */
function expectScores(scores: { readonly [label: string]: number }, expected: Recorded["result"]): void {
  expect(Object.keys(scores)).toEqual(expected.map(({ label }) => label));
  for (const { label, score } of expected) expect(Math.abs((scores[label] as number) - score)).toBeLessThan(1e-5);
}

if (!hasShared(PIPELINES)) describeShared("classification", PIPELINES, () => undefined);
else {
  await describeBackends("classification as the reference's pipelines", (backend) => {
    const opened: Classifier[] = [];
    const load = async (name: string) => {
      const classifier = await Classifier.load(sharedPath(PIPELINES, name), { backend });
      opened.push(classifier);
      return classifier;
    };
    let nli: Classifier;
    beforeAll(async () => {
      nli = await load("nli");
    });
    afterAll(() => Promise.all(opened.map((classifier) => classifier.dispose())));

    it.each(recorded("classify"))("of texts: $text", async ({ text, result }) => {
      const { label, score, scores } = await nli.classify(text);
      expectScores(scores, result);
      expect({ label, score }).toEqual({ label: result[0]?.label, score: Object.values(scores)[0] });
    });

    it.each(recorded("classify-pair"))("of pairs: $pair", async ({ text, pair, result }) => {
      expectScores((await nli.classify({ text, pair: pair as string })).scores, result);
    });

    it.each(recorded("classify-sigmoid"))("with a sigmoid: $text", async ({ text, result }) => {
      expectScores((await nli.classify(text, { activation: "sigmoid" })).scores, result);
    });

    it("of several labels", async () => {
      const classifier = await load("multi-label");
      for (const { text, result } of recorded("multi-label")) {
        expectScores((await classifier.classify(text)).scores, result);
      }
    });

    it("of numbers", async () => {
      const classifier = await load("regression");
      for (const { text, result } of recorded("regression")) {
        expectScores((await classifier.classify(text)).scores, result);
      }
    });

    it("by labels never seen", async () => {
      const classifier = await ZeroShotClassifier.load(sharedPath(PIPELINES, "nli"), { backend });
      for (const { text, labels, multi_label, result } of recorded<RecordedZeroShot>("zero-shot")) {
        const { scores } = await classifier.classify(text, labels, { multiLabel: multi_label });
        const expected = result.labels.map((label, i) => ({ label, score: result.scores[i] as number }));
        expectScores(scores, expected);
      }
      await classifier.dispose();
    });

    it("obeys what a cross-encoder states", async () => {
      const folder = sharedPath("goldens/sentences/cross-encoder-3");
      const { pairs, logits } = JSON.parse(readFileSync(`${folder}/expected.json`, "utf8")) as {
        readonly pairs: readonly (readonly [string, string])[];
        readonly logits: readonly (readonly number[])[];
      };
      const classifier = await Classifier.load(folder, { backend });
      expect(classifier.activation).toBe("none");
      const results = await classifier.classify(pairs.map(([text, pair]) => ({ text, pair })));
      results.forEach(({ scores }, i) => {
        for (const [label, name] of classifier.labels.entries()) {
          expect(Math.abs((scores[name] as number) - (logits[i]?.[label] as number))).toBeLessThan(1e-5);
        }
      });
      await classifier.dispose();
    });

    it("gives a text the same bits whatever it is classified with", async () => {
      const texts = recorded("classify").map(({ text }) => text);
      const inputs = [...texts, "", texts.join(" "), { text: texts[0] as string, pair: texts.join(" ") }];
      const alone = await Promise.all(inputs.map((input) => nli.classify(input)));
      for (const batchTokens of [1, 40, 1000]) expect(await nli.classify(inputs, { batchTokens })).toEqual(alone);
      const windows = { truncation: "window", stride: 5 } as const;
      const aloneInWindows = await Promise.all(inputs.map((input) => nli.classify(input, windows)));
      expect(await nli.classify(inputs, { ...windows, batchTokens: 60 })).toEqual(aloneInWindows);
    });
  });
}

const backend = await createBackend("reference");

async function load(where = "nli", options: LoadOptions = {}): Promise<Classifier> {
  const folder = where.includes("/") ? where : sharedPath(PIPELINES, where);
  const classifier = await Classifier.load(folder, { backend, ...options });
  onTestFinished(() => classifier.dispose());
  return classifier;
}

describeShared("Classifier", PIPELINES, () => {
  describe("inputs", () => {
    it("takes one, arrays and streams", async () => {
      const classifier = await load();
      const inputs = ["a man", { text: "a man", pair: "a dog" }, ""];
      const all = await classifier.classify(inputs);
      const streamed = [];
      for await (const result of classifier.classify(new Set(inputs))) streamed.push(result);
      expect(streamed).toEqual(all);
      expect(await Promise.all(inputs.map((input) => classifier.classify(input)))).toEqual(all);
      expect(await classifier.classify([])).toEqual([]);
    });

    it("refuses what is no text", async () => {
      const classifier = await load();
      await expect(classifier.classify(["a", 7 as never])).rejects.toThrow(
        "Text 1 is of type number; expected a string.",
      );
      await expect(classifier.classify({ text: "a", pair: 7 as never })).rejects.toThrow("The text is of type number");
      await expect(classifier.classify(undefined as never)).rejects.toThrow(
        "Cannot classify a value of type undefined",
      );
    });
  });

  describe("scores", () => {
    it("keeps as many as asked, the highest", async () => {
      const classifier = await load();
      const { label, score, scores } = await classifier.classify("a man");
      const top = await classifier.classify("a man", { top: 2 });
      expect(Object.entries(top.scores)).toEqual(Object.entries(scores).slice(0, 2));
      expect(top).toMatchObject({ label, score });
      expect(await classifier.classify("a man", { top: 9 })).toEqual({ label, score, scores });
      await expect(classifier.classify("a man", { top: 0 })).rejects.toThrow(
        "top is 0; expected an integer of at least 1.",
      );
    });

    it("obeys problem_type", async () => {
      expect(await load()).toMatchObject({ activation: "softmax", labels: ["contradiction", "entailment", "neutral"] });
      expect(await load("multi-label")).toMatchObject({ activation: "sigmoid" });
      const regression = await load("regression");
      expect(regression).toMatchObject({ activation: "none", labels: ["LABEL_0"] });
      await expect(regression.classify("a", { activation: "softmax" })).rejects.toThrow(
        "of which a softmax is always 1",
      );
    });

    it("takes one logit without a problem_type for a probability of its own", async () => {
      const classifier = await load(copiedFolder("pipelines/regression", { problem_type: undefined }));
      const { score: logit } = await (await load("regression")).classify("a man");
      const { label, score } = await classifier.classify("a man");
      expect(label).toBe("LABEL_0");
      expect(score).toBeCloseTo(1 / (1 + Math.exp(-logit)), 12);
    });

    it("names labels by their number where the config does not, and refuses one name for two", async () => {
      const unnamed = await load(
        copiedFolder("pipelines/nli", { id2label: undefined, label2id: undefined, num_labels: 3 }),
      );
      expect(unnamed.labels).toEqual(["LABEL_0", "LABEL_1", "LABEL_2"]);
      const twice = copiedFolder("pipelines/nli", { id2label: { 0: "yes", 1: "no", 2: "yes" } });
      await expect(load(twice)).rejects.toThrow('id2label gives two classes the name "yes"');
    });

    it("refuses more labels than the model has", async () => {
      const folder = copiedFolder("pipelines/nli", { id2label: { 0: "a", 1: "b", 2: "c", 3: "d" } });
      await expect(load(folder)).rejects.toThrow('"classifier.weight"');
    });
  });

  describe("long texts", () => {
    const long = "the man is playing a flute . ".repeat(20);

    it.each([
      ["the man is playing a flute . ", 20],
      ["a man ", 10_001],
    ])("averages the logits of windows, each weighted by its tokens: %j, %i times", async (sentence, count) => {
      const fast = await createBackend();
      onTestFinished(() => fast.close());
      const classifier = await load("nli", { backend: fast });
      const long = sentence.repeat(count);
      const options = { truncation: "window", activation: "none", detail: true } as const;
      const { scores, tokens, truncated } = await classifier.classify(long, options);
      const encoding = classifier.tokenizer.encode(long, { maxLength: 48, stride: 0 });
      const pieces = await Promise.all(
        encoding.windows.map(async ({ offsets }) => {
          const text = long.slice(offsets[1]?.[0], offsets.at(-2)?.[1]);
          const alone = await classifier.classify(text, { activation: "none" });
          return { weight: offsets.length - 2, scores: alone.scores };
        }),
      );
      const total = pieces.reduce((sum, { weight }) => sum + weight, 0);
      for (const label of classifier.labels) {
        const mean = pieces.reduce((sum, piece) => sum + piece.weight * (piece.scores[label] as number), 0) / total;
        expect(scores[label]).toBeCloseTo(mean, 12);
      }
      expect(pieces.length).toBeGreaterThan(2);
      expect({ tokens, truncated }).toEqual({ tokens: total + 2 * pieces.length, truncated: false });
    });

    it("cuts at either end, and tells what was dropped", async () => {
      const classifier = await load();
      const right = await classifier.classify(`${long}yes`, { detail: true });
      expect(right).toMatchObject({ tokens: 48, truncated: true });
      const left = await classifier.classify(`yes ${long}`, { side: "left", detail: true });
      const { offsets } = classifier.tokenizer.encode(`yes ${long}`, { maxLength: 48, side: "left" });
      expect(left.droppedCharacters).toBe(offsets[1]?.[0]);
      const kept = `yes ${long}`.slice(offsets[1]?.[0]);
      expect(left.scores).toEqual((await classifier.classify(kept)).scores);
    });

    it("refuses them when told to, and options that there are not", async () => {
      const classifier = await load();
      await expect(classifier.classify(["a", long], { truncation: "error" })).rejects.toThrow(
        'Text 1 has 182 tokens; this model reads at most 48. Pass truncation: "truncate" or "window", or shorter texts.',
      );
      const window = { truncation: "window", stride: 46 } as const;
      await expect(classifier.classify(long, window)).rejects.toThrow("stride is 46, but windows hold 46 tokens");
      await expect(classifier.classify("a", { truncation: "cut" as never })).rejects.toThrow(
        'truncation is "cut"; expected "truncate", "error" or "window".',
      );
      await expect(classifier.classify("a", { side: "top" as never })).rejects.toThrow('side is "top"');
      await expect(classifier.classify("a", { activation: "tanh" as never })).rejects.toThrow('activation is "tanh"');
    });
  });

  describe("opening", () => {
    it.each([
      ["mask", "MaskFiller, SparseEmbedder, Embedder or Encoder"],
      ["tagger", "Tagger, Embedder or Encoder"],
      ["qa", "Answerer, Embedder or Encoder"],
    ])("says what %s opens as", async (name, tasks) => {
      await expect(load(name)).rejects.toThrow(`"${name}" does not open as Classifier: `);
      await expect(load(name)).rejects.toThrow(`It opens as ${tasks}.`);
    });

    it("names three models where none is named", async () => {
      await expect(Classifier.load()).rejects.toThrow(
        "No model was named, and Classifier has no default one: name a model's folder, for example a download of",
      );
    });

    it("says what is wrong with a damaged one", async () => {
      const folder = copiedFolder("pipelines/nli", { num_hidden_layers: 3 });
      await expect(load(folder)).rejects.toThrow('"bert.encoder.layer.2.attention.self.query.weight"');
    });
  });

  describe("life", () => {
    it("reports progress, stops when aborted, says that it was disposed of", async () => {
      const reports: Progress[] = [];
      const onProgress = (progress: Progress) => void reports.push(progress);
      const classifier = await load("nli", { onProgress });
      expect(reports.at(-1)).toMatchObject({ phase: "load", unit: "tensors", done: reports.at(-1)?.total });
      await classifier.classify(["a", "b"], { onProgress });
      expect(reports.at(-1)).toMatchObject({ phase: "classify", unit: "texts", done: 2, total: 2 });
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(classifier.classify("a", { signal })).rejects.toThrow("enough");
      await expect(classifier.classify(["a"], { signal })).rejects.toThrow("enough");
      await classifier.dispose();
      await expect(classifier.classify("a")).rejects.toThrow("was disposed of; load it again.");
    });
  });
});

describeShared("ZeroShotClassifier", PIPELINES, () => {
  const loadZeroShot = async (folder = sharedPath(PIPELINES, "nli"), options = {}) => {
    const classifier = await ZeroShotClassifier.load(folder, { backend, ...options });
    onTestFinished(() => classifier.dispose());
    return classifier;
  };

  it("reads the template that it is given", async () => {
    const zeroShot = await loadZeroShot();
    const classifier = await load();
    const { scores } = await zeroShot.classify("a man", ["$& music"], { template: "It is about {}." });
    const logits = (await classifier.classify({ text: "a man", pair: "It is about $& music." }, { activation: "none" }))
      .scores;
    const [entailment, contradiction] = [
      Math.exp(logits.entailment as number),
      Math.exp(logits.contradiction as number),
    ];
    expect(scores["$& music"]).toBeCloseTo(entailment / (entailment + contradiction), 10);
  });

  it("gives arrays, streams and batches of any size the same bits", async () => {
    const classifier = await loadZeroShot();
    const [texts, labels] = [
      ["a man", "", "the dog ".repeat(60)],
      ["music", "animals"],
    ];
    const all = await classifier.classify(texts, labels, { truncation: "window" });
    expect(await classifier.classify(texts, labels, { truncation: "window", batchTokens: 1 })).toEqual(all);
    const streamed = [];
    for await (const result of classifier.classify(new Set(texts), labels, { truncation: "window" }))
      streamed.push(result);
    expect(streamed).toEqual(all);
  });

  it("cuts the text, never the label", async () => {
    const classifier = await loadZeroShot();
    const long = "a man ".repeat(60);
    expect(await classifier.classify(long, ["music"], { detail: true })).toMatchObject({ tokens: 48, truncated: true });
    await expect(classifier.classify("a man", [long])).rejects.toThrow("The other text alone has");
  });

  it("needs labels that are texts and differ, and a place for them", async () => {
    const classifier = await loadZeroShot();
    await expect(classifier.classify("a", [])).rejects.toThrow("There are no labels to classify by");
    await expect(classifier.classify("a", ["x", "x"])).rejects.toThrow('The label "x" is given twice');
    await expect(classifier.classify("a", ["x", 1 as never])).rejects.toThrow("Label 1 is of type number");
    await expect(classifier.classify("a", ["x"], { template: "about" })).rejects.toThrow(
      "with {} where the label goes",
    );
  });

  it("finds entailment and contradiction by their names, or is told them", async () => {
    await expect(loadZeroShot(sharedPath(PIPELINES, "multi-label"))).rejects.toThrow(
      'none of its labels begins with "entail"; they are "LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3".',
    );
    const unnamed = copiedFolder("pipelines/nli", { id2label: undefined, label2id: undefined, num_labels: 3 });
    const told = await loadZeroShot(unnamed, { entailment: "LABEL_1", contradiction: "LABEL_0" });
    const named = await loadZeroShot();
    const options = { multiLabel: true };
    expect(await told.classify("a", ["x", "y"], options)).toEqual(await named.classify("a", ["x", "y"], options));
    const half = await loadZeroShot(unnamed, { entailment: "LABEL_1" });
    expect(await half.classify("a", ["x", "y"])).toEqual(await named.classify("a", ["x", "y"]));
    await expect(half.classify("a", ["x"])).rejects.toThrow('has no label that begins with "contradict"');
    await expect(loadZeroShot(unnamed, { entailment: "yes" })).rejects.toThrow('entailment is "yes", but the labels');
  });
});
