import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { evaluate } from "../../src/training/evaluate/evaluate.ts";
import { jsonText } from "../support/json-text.ts";
import { repositoryRoot } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REFERENCE = { backend: "reference" } as const;
const model = (name: string) => join(repositoryRoot, "examples/models", name);

/** One file of rows, and the path to it. */
function file(rows: readonly object[], name = "rows.jsonl"): string {
  return join(temporaryFolder({ [name]: jsonText(rows) }), name);
}

const REVIEWS = [
  { text: "a great film", label: "positive" },
  { text: "a dull film", label: "negative" },
  { text: "a dull and awful mess", label: "positive" },
  { text: "a lovely story", label: "positive" },
];

describe("evaluate", () => {
  test("labels: metrics by hand, the main one with its interval, what each row was taken for", async () => {
    const data = file(REVIEWS);
    const got = await evaluate({ model: model("sentiment"), data, ...REFERENCE });
    expect(got).toMatchObject({
      task: "classify",
      statement: 'single-label classification: "text" -> "label"',
      count: 4,
      metrics: { accuracy: 0.75, f1: 0.8, recall_macro: (1 + 2 / 3) / 2 },
      main: { name: "accuracy", value: 0.75 },
    });
    const { low, high } = got.main.interval!;
    expect(low).toBeLessThan(0.75);
    expect(high).toBe(1);
    const mistake = got.predictions!.filter(({ gold, predicted }) => gold !== predicted);
    expect(mistake).toMatchObject([{ text: "a dull and awful mess", gold: "positive", predicted: "negative" }]);
    expect(mistake[0]!.confidence).toBeGreaterThan(0.5);
    const again = await evaluate({ model: model("sentiment"), data, resamples: 0, ...REFERENCE });
    expect(again.main).toEqual({ name: "accuracy", value: 0.75 });
    expect(again.metrics).toEqual(got.metrics);
  });

  test("pairs, in columns of other names", async () => {
    const rows = [
      { p: "the film is good", h: "the film is great", is: "entailment" },
      { p: "the film is good", h: "the film is not good", is: "contradiction" },
    ];
    const columns = { text: "p", pair: "h", label: "is" };
    const { metrics, statement } = await evaluate({
      model: model("inference"),
      data: file(rows),
      columns,
      ...REFERENCE,
    });
    expect(statement).toBe('single-label classification: "p", "h" -> "is"');
    expect(metrics.accuracy).toBeGreaterThanOrEqual(0);
    expect(metrics).not.toHaveProperty("roc_auc"); // three classes
  });

  test("tags: words in several tokens, entities by their bounds", async () => {
    const data = file([
      { tokens: ["Anna", "lives", "in", "Paris"], tags: ["B-PER", "O", "O", "B-LOC"] },
      { tokens: ["The", "Springfielder", "of", "London"], tags: ["O", "O", "O", "B-PER"] },
    ]);
    const { task, metrics, main } = await evaluate({ model: model("names"), data, ...REFERENCE });
    expect(task).toBe("tag");
    expect(metrics.precision).toBeCloseTo(2 / 3, 12);
    expect(metrics.recall).toBeCloseTo(2 / 3, 12);
    expect(metrics.accuracy).toBeCloseTo(5 / 8, 12); // the model writes I- where an entity begins
    expect(main.name).toBe("f1");
  });

  test("answers, of SQuAD's form, some of which are none", async () => {
    const context = "Anna was born in Paris.";
    const rows = [
      { id: "1", question: "Where was Anna born?", context, answers: [{ text: "Paris", start: 17 }] },
      { id: "2", question: "Where was Anna born?", context, answers: [] },
    ];
    const { task, metrics } = await evaluate({ model: model("answers"), data: file(rows), ...REFERENCE });
    expect(task).toBe("answer");
    expect(Object.keys(metrics)).toEqual(["exact_match", "f1"]);
    expect(metrics.f1).toBeGreaterThan(0);
  });

  test("scores of pairs: the likeness of embeddings", async () => {
    const data = file([
      { text1: "a great film", text2: "a great film", score: 5 },
      { text1: "a great film", text2: "paris and london", score: 0.5 },
      { text1: "a great film", text2: "a lovely film", score: 4 },
    ]);
    const { task, metrics, main } = await evaluate({ model: model("words"), data, ...REFERENCE });
    expect([task, main.name, Object.keys(metrics)]).toEqual(["embed", "spearman", ["pearson", "spearman", "kendall"]]);
    expect(metrics.spearman).toBe(1);
  });

  test("a BEIR folder", async () => {
    const folder = temporaryFolder({
      "corpus.jsonl": jsonText([
        { _id: "a", title: "", text: "a great and lovely film" },
        { _id: "b", title: "anna", text: "paul and mary" },
        { _id: "c", title: "", text: "paris and london" },
      ]),
      "queries.jsonl": jsonText([
        { _id: "q", text: "wonderful" },
        { _id: "r", text: "berlin" },
      ]),
      "qrels-test.tsv": "query-id\tcorpus-id\tscore\nq\ta\t1\nr\tb\t1\n",
    });
    const { task, count, metrics } = await evaluate({ model: model("words"), data: folder, top: [1, 3], ...REFERENCE });
    expect([task, count]).toEqual(["embed", 2]);
    expect(metrics).toMatchObject({ "ndcg@1": 0.5, "recall@3": 1 });
    expect(metrics["mrr@3"]).toBeGreaterThan(0.5);
  });

  test("mistakes are told before the model runs", async () => {
    const of = (data: string, name = "sentiment", options = {}) =>
      evaluate({ model: model(name), data, ...REFERENCE, ...options }).then(
        () => "fine",
        (error: Error) => error.message.replace(/"[^"]*rows.jsonl"/, '"rows.jsonl"'),
      );
    expect(await of(file([{ text: "a", label: "neutral" }]))).toBe(
      'rows.jsonl, line 1: the label "neutral" is none of the model\'s, "negative", "positive".',
    );
    expect(await of(file([{ tokens: ["a"], tags: ["B-DATE"] }]), "names")).toMatch(/the label "B-DATE" is none of/);
    expect(await of(file([{ text: "a" }]))).toBe(
      'rows.jsonl is read as unlabelled texts: "text"; to evaluate classify takes texts or pairs with "label", "labels" or "score".',
    );
    expect(await of(file(REVIEWS), "sentiment", { task: "tag" })).toMatch(/to evaluate tag takes "tokens" and "tags"/);
    expect(await of(file(REVIEWS), "sentiment", { task: "cook" })).toBe(
      'task is "cook"; expected "classify", "tag", "answer", "choice", "embed", "rank".',
    );
    expect(await of(file([{ text: "a", score: 1.5 }]))).toBe(
      'The data have scores, but "sentiment" gives one of 2 labels. Choose another model or data.',
    );
    expect(await of(file(REVIEWS), "names")).toMatch(/"names" does not open as Classifier: .* It opens as /);
    expect(await of("nowhere.jsonl")).toMatch(/There is no data file/);
  });
});
