import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { describeShared } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REFERENCE = ["--backend", "reference"];

/** Runs a line that is right: exit code 0; its lines and notes. */
async function lines<Line>(argv: readonly string[], stdin: readonly string[] = []) {
  const { exitCode, stdout, stderr } = await runCli([...argv, ...REFERENCE], { stdin });
  expect({ exitCode, stderr: stderr.replace(/^note: .*\n/gm, "") }).toEqual({ exitCode: 0, stderr: "" });
  return { lines: jsonLines<Line>(stdout), notes: stderr };
}

/** What a person sees, escape sequences as <NUMBER>. */
async function seen(argv: readonly string[], environment = {}): Promise<string> {
  const { exitCode, stdout } = await runCli([...argv, ...REFERENCE, "--quiet"], { isTerminal: true, environment });
  expect(exitCode).toBe(0);
  return stdout.replace(/\u001b\[(\d+)m/g, "<$1>");
}

/** Runs a line that is a mistake: exit code 2, one sentence on stderr, nothing on stdout. */
async function mistake(argv: readonly string[], stdin: readonly string[] = []): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli([...argv, ...REFERENCE], { stdin });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  return stderr.trimEnd();
}

interface TagLine {
  readonly text: string;
  readonly entities: readonly { readonly label: string; readonly text: string; readonly start: number }[];
}

describeShared("tag", "goldens/pipelines", (pipelines) => {
  const argv = ["tag", "--model", join(pipelines, "tagger")];
  const recorded = JSON.parse(readFileSync(join(pipelines, "expected.json"), "utf8")).tagger;

  test("a line a text, in input order, with the reference's entities", async () => {
    const rows = recorded.filter(({ strategy }: { strategy: string }) => strategy === "average");
    const input = rows.map(({ text }: { text: string }) => `${text}\n`).join("");
    const { lines: results } = await lines<TagLine>([...argv, "--aggregation", "average", "--input", "-"], [input]);
    expect(results.map((line) => Object.keys(line))).toEqual(rows.map(() => ["text", "entities"]));
    results.forEach(({ text, entities }, i) => {
      expect(text).toBe(rows[i].text);
      const expected = rows[i].result.map(
        (it: { entity_group: string; start: number; end: number; score: number }) => ({
          label: it.entity_group,
          text: text.slice(it.start, it.end),
          start: it.start,
          end: it.end,
          score: expect.closeTo(it.score, 5),
        }),
      );
      expect(entities).toEqual(expected);
    });
  });

  test("columns, words, and the ways to read long texts", async () => {
    const folder = temporaryFolder({ "texts.csv": "id,body\n1,a man\n" });
    const { lines: rows } = await lines<TagLine>([...argv, "--input", join(folder, "texts.csv"), "--column", "body"]);
    expect(rows).toEqual((await lines([...argv, "a man"])).lines);
    const { lines: [split] } = await lines<TagLine>([...argv, "--words", "a  man"]); // biome-ignore format: one
    expect(split).toEqual(rows[0]);
    const long = "a man ".repeat(60);
    const whole = await lines<TagLine>([...argv, long, "--stride", "4", "--aggregation", "none"]);
    expect([whole.notes, whole.lines[0]?.entities.at(-1)?.start]).toEqual(["", 356]);
    expect((await lines([...argv, long, "--truncation", "truncate"])).notes).toContain("the text was cut to 48 tokens");
    expect(await mistake([...argv, long, "--truncation", "error"])).toContain("Text 0 has 122 tokens");
  });

  test("for people: entities in colour, or in brackets", async () => {
    const shown = [...argv, "A\u001b[0m man\nin Zürich", "--aggregation", "simple"];
    expect(await seen(shown)).toMatchInlineSnapshot(`
      "<36>A<2> LOC<22><39>�<36>[<2> LOC<22><39>0<36>m<2> LOC<22><39> <36>man<2> LOC<22><39> <36>in Z<2> LOC<22><39>üric<33>h<2> PER<22><39>
      "
    `);
    expect(await seen(shown, { NO_COLOR: "1" })).toMatchInlineSnapshot(`
      "[A LOC]�[[ LOC]0[m LOC] [man LOC] [in Z LOC]üric[h PER]
      "
    `);
  });

  test("mistakes", async () => {
    expect(await mistake(["tag", "x"])).toContain("No model was named, and Tagger has no default one");
    expect(await mistake(argv)).toContain("No text is given");
    expect(await mistake([...argv, "x", "--aggregation", "last"])).toContain("Allowed choices are none, simple, first");
    expect(await mistake([...argv, "a man", "--stride", "50"])).toContain("stride is 50, but windows hold 46 tokens");
    expect(await mistake(["tag", "x", "--model", join(pipelines, "qa")])).toContain("It opens as Answerer, Embedder");
  });
});

describeShared("answer", "goldens/pipelines", (pipelines) => {
  const model = ["--model", join(pipelines, "qa")];
  const context = "A man in Zürich is playing the flute for two dogs.";
  const argv = ["answer", ...model, "--context", context];

  test("a line a question, in input order, best first", async () => {
    const { lines: results } = await lines<{
      question: string;
      answers: { text: string; start: number; end: number }[];
    }>([...argv, "--input", "-", "--top", "3"], ["Who is playing?\nWhat?\n"]);
    expect(results.map((line) => [Object.keys(line), line.question])).toEqual([
      [["question", "answers"], "Who is playing?"],
      [["question", "answers"], "What?"],
    ]);
    for (const { answers } of results) {
      expect(answers).toHaveLength(3);
      expect(Object.keys(answers[0]!)).toEqual(["text", "start", "end", "score"]);
      for (const { text, start, end } of answers) expect(context.slice(start, end)).toBe(text);
    }
    expect((await lines([...argv, "Who is playing?", "What?", "--top", "3"])).lines).toEqual(results);
    const rows = results.map(({ question }) => JSON.stringify({ question, context })).join("\n");
    const folder = temporaryFolder({ "rows.jsonl": rows, "text.txt": context });
    const fromRows = await lines(["answer", ...model, "--input", join(folder, "rows.jsonl"), "--top", "3"]);
    expect(fromRows.lines).toEqual(results);
    const fromFile = ["answer", ...model, "--context-file", join(folder, "text.txt"), "Who is playing?", "--top", "3"];
    expect((await lines(fromFile)).lines).toEqual(results.slice(0, 1));
  });

  test("for people: the answer in bold among its neighbours", async () => {
    const shown = [...argv, "Who is playing?", "--max-answer", "2"];
    expect((await seen(shown)).replace(/\d\.\d{4}/, "SCORE")).toMatch(
      /^Who is playing\?\n {4}SCORE {2}.*<1>.+<22>.*\n$/,
    );
    expect(await seen([...shown, "--unanswerable", "--threshold", "-100"])).toMatch(/\d {2}no answer\n$/);
  });

  test("mistakes", async () => {
    expect(await mistake(["answer", "x", "--context", "y"])).toContain("Answerer has no default one");
    expect(await mistake(["answer", "x", ...model])).toContain("No text is given to answer from.");
    expect(await mistake(argv)).toContain("No text is given");
    expect(await mistake([...argv, " "])).toContain("question is empty");
    expect(await mistake([...argv, "x", "--context-file", "y"])).toContain("Keep one of them.");
    expect(await mistake(["answer", ...model, "x", "--context-file", "no.txt"])).toContain('There is no file "no.txt"');
    expect(await mistake([...argv, "x", "--threshold", "2"])).toContain("--threshold is for --unanswerable");
    expect(await mistake(["answer", ...model, "--input", "-"], ["a\n"])).toContain("Lines of text hold no contexts");
    expect(await mistake([...argv, "who ".repeat(50)])).toContain("leaves no room for the context");
    expect(await mistake(["answer", "x", "--context", "y", "--model", join(pipelines, "tagger")])).toContain(
      "It opens as Tagger",
    );
  });
});
