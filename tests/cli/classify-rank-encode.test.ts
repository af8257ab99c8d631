import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { describeShared, sharedPath } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REFERENCE = ["--backend", "reference"];

interface Line {
  readonly [key: string]: unknown;
  readonly scores: { readonly [label: string]: number };
}

/** Runs a line that is right: exit code 0; its lines and notes. */
async function lines(argv: readonly string[], stdin: readonly string[] = []) {
  const { exitCode, stdout, stderr } = await runCli([...argv, ...REFERENCE], { stdin });
  expect({ exitCode, stderr: stderr.replace(/^note: .*\n/gm, "") }).toEqual({ exitCode: 0, stderr: "" });
  return { lines: jsonLines<Line>(stdout), notes: stderr };
}

/** What a person sees. */
async function seen(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await runCli([...argv, ...REFERENCE, "--quiet"], { isTerminal: true });
  expect(exitCode).toBe(0);
  return stdout.replaceAll("\u001b[1m", "<b>").replaceAll("\u001b[22m", "</b>");
}

/** Runs a line that is a mistake: exit code 2, one sentence on stderr, nothing on stdout. */
async function mistake(argv: readonly string[], stdin: readonly string[] = []): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli([...argv, ...REFERENCE], { stdin });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  return stderr.trimEnd();
}

describeShared("classify", "goldens/pipelines", (pipelines) => {
  const nli = ["classify", "--model", join(pipelines, "nli")];
  const expected = JSON.parse(readFileSync(join(pipelines, "expected.json"), "utf8"));

  test("a line a text, in input order, with the reference's scores", async () => {
    const texts: string[] = expected.classify.map(({ text }: { text: string }) => text);
    const { lines: results } = await lines([...nli, "--input", "-"], [`${texts.join("\n")}\n`]);
    results.forEach((line, i) => {
      const [best] = expected.classify[i].result;
      expect(Object.keys(line)).toEqual(["text", "label", "score", "scores"]);
      expect(line).toMatchObject({ text: texts[i], label: best.label, score: expect.closeTo(best.score, 5) });
      const scores = expected.classify[i].result.map((it: { label: string; score: number }) => [it.label, it.score]);
      for (const [label, score] of scores) expect(line.scores[label]).toBeCloseTo(score, 5);
    });
    expect(results).toHaveLength(texts.length);
  });

  test("pairs from two columns, or with --pair", async () => {
    const folder = temporaryFolder({ "pairs.csv": "premise,hypothesis\na man,a dog\n" });
    const rows = ["--input", join(folder, "pairs.csv"), "--column", "premise", "--column", "hypothesis"];
    const { lines: byColumns } = await lines([...nli, ...rows]);
    expect(byColumns).toMatchObject([{ text: "a man", pair: "a dog", label: expect.any(String) }]);
    expect((await lines([...nli, "a man", "--pair", "a dog"])).lines).toEqual(byColumns);
    expect(await mistake([...nli, ...rows, "--pair", "x"])).toContain("3 texts a row are given");
  });

  test("labels of one's own", async () => {
    const { text, labels, result } = expected["zero-shot"][0];
    const argv = [...nli, text, "--labels", labels.slice(0, 2).join(", "), "--labels", labels[2]];
    const { lines: [line] } = await lines(argv); // biome-ignore format: one
    expect(line).toMatchObject({ text, label: result.labels[0], score: expect.closeTo(result.scores[0], 5) });
    expect(Object.keys(line?.scores ?? {})).toEqual(result.labels);
    const independent = await lines([...argv, "--multi-label", "--template", "It is {}.", "--top", "1"]);
    expect(Object.keys(independent.lines[0]?.scores ?? {})).toHaveLength(1);
  });

  test("the ways to read long texts, and a note on what was cut", async () => {
    const long = "a man ".repeat(60);
    expect((await lines([...nli, long])).notes).toMatch(
      /^note: the text was cut to 48 tokens; \d+ characters were not read\.\n$/,
    );
    expect((await lines([...nli, long, "--truncation", "window", "--stride", "8"])).notes).toBe("");
    expect(await mistake([...nli, long, "--truncation", "error"])).toContain("Text 0 has 122 tokens");
  });

  test("for people: the best label in bold, the highest five", async () => {
    expect((await seen([...nli, "a man"])).replace(/\d\.\d{4}/g, "SCORE")).toBe(
      "a man\n    SCORE  <b>entailment</b>\n    SCORE  neutral\n    SCORE  contradiction\n",
    );
    const labels = "abcdefg".split("").join(",");
    expect(await seen([...nli, "a man", "--labels", labels])).toMatch(/and 2 more\n$/);
  });

  test("mistakes", async () => {
    expect(await mistake(["classify", "x"])).toContain("No model was named, and Classifier has no default one");
    expect(await mistake(nli)).toContain("No text is given");
    expect(await mistake([...nli, "x", "--template", "{}"])).toContain("--template and --multi-label are for --labels");
    expect(await mistake([...nli, "x", "--labels", "a", "--pair", "y"])).toContain("not with a pair");
    expect(await mistake([...nli, "x", "--labels", ","])).toContain("There are no labels to classify by");
    expect(await mistake([...nli, "x", "--labels", "a", "--activation", "none"])).toContain("--activation is not for");
    expect(await mistake(["classify", "x", "--model", join(pipelines, "qa")])).toContain(
      "It opens as Answerer, Embedder",
    );
  });
});

describeShared("rank", "goldens/sentences/cross-encoder-1", (model) => {
  const { pairs, rank } = JSON.parse(readFileSync(join(model, "expected.json"), "utf8"));
  const query: string = pairs[0][0];
  const passages: string[] = pairs.map(([, passage]: [string, string]) => passage);
  const argv = ["rank", "--model", model, query];

  test("a line a passage, best first", async () => {
    const { lines: results } = await lines([...argv, ...passages]);
    const expected = rank.map(({ index, score }: { index: number; score: number }) => ({
      query,
      index,
      score: expect.closeTo(score, 5),
      text: passages[index],
    }));
    expect(results).toEqual(expected);
    expect(Object.keys(results[0] as Line)).toEqual(["query", "index", "score", "text"]);
    const piped = await lines([...argv, "--input", "-", "--top", "2"], [passages.join("\n")]);
    expect(piped.lines).toEqual(results.slice(0, 2));
  });

  test("for people: score, number, passage", async () => {
    expect((await seen([...argv, ...passages, "--top", "1"])).replace(/\d\.\d{4}/, "SCORE")).toBe(
      `  SCORE     1  ${passages[1]}\n`,
    );
  });

  test("mistakes and notes", async () => {
    expect((await lines([...argv, "a dog", "a dog ".repeat(60)])).notes).toContain(
      "1 of 2 texts was cut to 48 tokens (text 2)",
    );
    expect(await mistake(["rank", " ", "x", "--model", model])).toContain("The query is empty.");
    expect(await mistake(["rank", "x", "y"])).toContain("Reranker has no default one");
    expect(await mistake(argv)).toContain("No text is given");
    const other = sharedPath("goldens/sentences/cross-encoder-3");
    expect(await mistake(["rank", "x", "y", "--model", other])).toContain("It opens as Classifier.");
  });
});

describeShared("embed --sparse", "goldens/pipelines/mask", (model) => {
  const argv = ["embed", "--sparse", "--model", model];

  test("weights of words, heaviest first", async () => {
    const { lines: results } = await lines([...argv, "a man", "", "--top", "3"]);
    const [first, second] = results as unknown as { embedding: { weight: number }[]; tokens: number }[];
    expect(Object.keys(first!)).toEqual(["text", "embedding", "tokens", "truncated"]);
    expect(Object.keys(first!.embedding[0]!)).toEqual(["index", "token", "weight"]);
    const weights = first!.embedding.map(({ weight }) => weight);
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
    expect([weights.length, first!.tokens, second!.tokens]).toEqual([3, 4, 2]);
  });

  test("for people, and mistakes", async () => {
    expect(await seen([...argv, "a man", "--top", "2"])).toMatch(
      /^a man\n {2}\S+ 1\.01, \S+ 0\.97\n {2}2 words, 4 tokens\n$/,
    );
    expect(await seen([...argv, "a man"])).toMatch(/^a man\n {2}(\S+ \d\.\d\d, ){8}\.\.\.\n {2}\d+ words, 4 tokens\n$/);
    expect(await mistake([...argv, "x", "--dimensions", "3"])).toContain("--dimensions is for dense vectors");
    expect(await mistake(["embed", "x", "--top", "3"])).toContain("--top is for --sparse");
  });
});

describe("encode", () => {
  test("writes a file of tensors, and says what", async () => {
    const output = join(temporaryFolder(), "out.safetensors");
    const argv = ["encode", "bees make honey", "", "--model", tinyModel(), "--output", output];
    const { lines: results } = await lines([...argv, "--layers", "0,-1", "--attentions", "all"]);
    expect(results).toEqual([{ output, texts: 2, tensors: 12 }]);
    const file = Safetensors.open(output);
    expect(Object.fromEntries(file.list().map(({ name, shape }) => [name, shape]))).toEqual({
      "0.input_ids": [5],
      "0.last_hidden_state": [5, 24],
      "0.hidden_states.0": [5, 24],
      "0.hidden_states.2": [5, 24],
      "0.attentions.0": [3, 5, 5],
      "0.attentions.1": [3, 5, 5],
      "1.input_ids": [2],
      "1.last_hidden_state": [2, 24],
      "1.hidden_states.0": [2, 24],
      "1.hidden_states.2": [2, 24],
      "1.attentions.0": [3, 2, 2],
      "1.attentions.1": [3, 2, 2],
    });
    expect(file.tensor("0.hidden_states.2").read()).toEqual(file.tensor("0.last_hidden_state").read());
    expect(await seen(argv)).toBe(`${output}: 4 tensors of 2 texts\n`);
  });

  test("mistakes", async () => {
    const model = tinyModel();
    const output = ["--output", join(temporaryFolder(), "out.safetensors")];
    expect(await mistake(["encode", "x", "--model", model])).toContain("pass --output FILE.safetensors");
    expect(await mistake(["encode", "x", "--model", model, ...output, "--layers", "last"])).toContain('Expected "all"');
    expect(await mistake(["encode", "x", "--model", model, ...output, "--layers", "7"])).toContain("layers names 7");
  });
});
