import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { describeShared } from "../support/shared.ts";

const REFERENCE = ["--backend", "reference"];

/** Runs a line that is right: exit code 0, nothing on stderr; its objects. */
async function lines<Line>(argv: readonly string[], stdin: readonly string[] = []): Promise<Line[]> {
  const { exitCode, stdout, stderr } = await runCli([...argv, ...REFERENCE], { stdin });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return jsonLines<Line>(stdout);
}

/** What a person sees. */
async function seen(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await runCli([...argv, ...REFERENCE, "--quiet"], { isTerminal: true });
  expect(exitCode).toBe(0);
  return stdout;
}

/** Runs a line that is a mistake: exit code 2, one sentence on stderr, nothing on stdout. */
async function mistake(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli([...argv, ...REFERENCE]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  return stderr.trimEnd();
}

describeShared("fill", "goldens/pipelines", (pipelines) => {
  const fill = ["fill", "--model", join(pipelines, "mask")];
  const expected = JSON.parse(readFileSync(join(pipelines, "expected.json"), "utf8"));

  interface Line {
    readonly text: string;
    readonly masks: readonly (readonly { id: number; token: string; text: string; score: number }[])[];
  }

  test("a line a text, a list a mask, with the reference's scores", async () => {
    const texts: string[] = expected.fill.map(({ text }: { text: string }) => text);
    const results = await lines<Line>([...fill, "--top", "4", "--input", "-"], [`${texts.join("\n")}\n`]);
    expect(results.map(({ text }) => text)).toEqual(texts);
    expect(Object.keys(results[0] as Line)).toEqual(["text", "masks"]);
    expect(Object.keys(results[0]?.masks[0]?.[0] ?? {})).toEqual(["id", "token", "text", "score"]);
    const [one, two] = results as [Line, Line];
    expect(one.masks).toEqual([
      expected.fill[0].result.map((it: { score: number; token: number; token_str: string; sequence: string }) => ({
        id: it.token,
        token: it.token_str,
        text: it.sequence,
        score: expect.closeTo(it.score, 7),
      })),
    ]);
    expect(two.masks.map((fillings) => fillings.length)).toEqual([4, 4]);
  });

  test("targets, whole words, and masks together", async () => {
    const { text, targets, result } = expected["fill-targets"];
    const [line] = await lines<Line>([
      ...fill,
      text,
      "--targets",
      targets.slice(0, 2).join(", "),
      "--targets",
      targets[2],
    ]);
    expect(line?.masks[0]?.map(({ id }) => id)).toEqual(result.map(({ token }: { token: number }) => token));
    const [words] = await lines<Line>([...fill, text, "--whole-words", "--top", "20"]);
    for (const { token } of words?.masks[0] ?? []) expect(token).toMatch(/^[a-z0-9]+$/);
    const [joint] = await lines<Line>([
      ...fill,
      "Two [MASK] run in the [MASK].",
      "--joint",
      "--beam",
      "3",
      "--top",
      "2",
    ]);
    const [first, second] = joint?.masks.map((fillings) => fillings.map(({ text, score }) => ({ text, score }))) ?? [];
    expect(first).toEqual(second);
    expect(first).toHaveLength(2);
  });

  test("for people: a table", async () => {
    expect(await seen([...fill, "A man is [MASK] a flute.", "--top", "2"])).toBe(
      "A man is [MASK] a flute.\n  0.0081  ##ther  a man isther a flute.\n  0.0066  sc      a man is sc a flute.\n",
    );
    const several = await seen([...fill, "Two [MASK] run in the [MASK].", "--top", "1"]);
    expect(several).toBe(
      "Two [MASK] run in the [MASK].\n  mask 1 of 2\n  0.0070  ad  two ad run in the [MASK].\n" +
        "  mask 2 of 2\n  0.0096  ##ther  two [MASK] run in thether.\n",
    );
  });

  test("mistakes", async () => {
    expect(await mistake(["fill", "x"])).toContain("No model was named, and MaskFiller has no default one");
    expect(await mistake(fill)).toContain("No text is given");
    expect(await mistake([...fill, "no mask"])).toContain("Text 0 has no mask to fill; write [MASK]");
    expect(await mistake([...fill, "[MASK]", "--targets", "unbelievable"])).toContain("a mask stands for one");
    expect(await mistake([...fill, "[MASK]", "--beam", "2"])).toContain("beam is for joint");
    const long = `[MASK] ${"a ".repeat(60)}`;
    expect(await mistake([...fill, long, "--truncation", "error"])).toContain("at most 48");
    expect(await mistake(["fill", "[MASK]", "--model", join(pipelines, "nli")])).toContain("It opens as Classifier");
  });
});

describeShared("score", "goldens/pipelines/mask", (model) => {
  const score = ["score", "--model", model];

  interface Line {
    readonly text: string;
    readonly score: number;
    readonly tokens: readonly { text: string; start: number; end: number; logProbability: number }[];
  }

  test("a line a text, with every token", async () => {
    const texts = ["A man, playing.", "", "people ".repeat(60).trim()];
    const results = await lines<Line>([...score, "--input", "-"], [`${texts.join("\n")}\n`]);
    expect(Object.keys(results[0] as Line)).toEqual(["text", "score", "tokens"]);
    expect(results.map(({ text }) => text)).toEqual(texts);
    expect(results.map(({ tokens }) => tokens.length)).toEqual([5, 0, 60]);
    for (const { text, score, tokens } of results) {
      expect(score).toBeCloseTo(
        tokens.reduce((sum, { logProbability }) => sum + logProbability, 0),
        9,
      );
      for (const token of tokens) expect(text.slice(token.start, token.end)).toBe(token.text);
    }
  });

  test("for people: the score, and the tokens that fit least", async () => {
    const shown = await seen([...score, "A man is playing a flute."]);
    expect(shown).toMatch(/^ {2}-\d\d\.\d{4} {2}A man is playing a flute\.\n( {2} ?-\d+\.\d\d {2}\S+ +at \d+\n){5}$/);
  });

  test("mistakes", async () => {
    expect(await mistake(["score", "x"])).toContain("MaskFiller has no default one");
    expect(await mistake(score)).toContain("No text is given");
    expect(await mistake([...score, "a ".repeat(60), "--truncation", "error"])).toContain('Pass truncation: "window"');
  });
});
