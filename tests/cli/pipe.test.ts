import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OP_NAMES } from "../../src/backends/op-table.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REFERENCE = ["--backend", "reference"];

interface Embedded {
  readonly text: string;
  readonly embedding: number[];
  readonly tokens: number;
  readonly truncated: boolean;
}

test("embed: a line a text, in input order, from arguments, lines, JSON Lines, CSV and standard input", async () => {
  const model = tinyModel();
  const folder = temporaryFolder({
    "texts.txt": "bees make honey\r\n\nthe rain falls\n",
    "rows.jsonl": '{"body":"bees make honey"}\n{"body":""}\n{"body":"the rain falls"}\n',
    "rows.csv": 'id,text\n1,bees make honey\n2,""\n3,the rain falls\n',
  });
  const embed = async (...argv: string[]) => {
    const result = await runCli(["embed", "--model", model, ...REFERENCE, ...argv], {
      stdin: ["bees make", " honey\n\nthe rain falls"],
    });
    expect({ ...result, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    return jsonLines<Embedded>(result.stdout);
  };
  const lines = await embed("bees make honey", "", "the rain falls");
  expect(lines.map(({ text, tokens, truncated }) => [text, tokens, truncated])).toEqual([
    ["bees make honey", 5, false],
    ["", 2, false],
    ["the rain falls", 5, false],
  ]);
  expect(Object.keys(lines[0]!)).toEqual(["text", "embedding", "tokens", "truncated"]);
  expect(lines[0]!.embedding).toHaveLength(24);
  expect(await embed("--input", join(folder, "texts.txt"))).toEqual(lines);
  expect(await embed("--input", join(folder, "rows.jsonl"), "--field", "body")).toEqual(lines);
  expect(await embed("--input", join(folder, "rows.csv"))).toEqual(lines);
  expect(await embed("--input", "-")).toEqual(lines);
});

test("embed --output writes the file whole and nothing to stdout", async () => {
  const model = tinyModel();
  const folder = temporaryFolder({ "out.jsonl": "old" });
  const output = join(folder, "out.jsonl");
  const result = await runCli([
    "embed",
    "--model",
    model,
    ...REFERENCE,
    "honey",
    "--output",
    output,
    "--dimensions",
    "3",
  ]);
  expect(result).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const [line, ...others] = jsonLines<Embedded>(readFileSync(output, "utf8"));
  expect(others).toEqual([]);
  expect(line?.embedding).toHaveLength(3);
  expect(readdirSync(folder)).toEqual(["out.jsonl"]);
});

test("embed tells once how much was cut, and --quiet keeps it to itself", async () => {
  const model = tinyModel();
  const texts = ["bees ".repeat(50), "bees", "honey ".repeat(60)];
  const result = await runCli(["embed", "--model", model, ...REFERENCE, ...texts]);
  expect(jsonLines<Embedded>(result.stdout).map(({ tokens, truncated }) => [tokens, truncated])).toEqual([
    [40, true],
    [3, false],
    [40, true],
  ]);
  expect(result.stderr).toMatchInlineSnapshot(`
    "note: 2 of 3 texts were cut to 40 tokens (the first is text 1); 194 characters were not read.
    "
  `);
  expect((await runCli(["embed", "--model", model, ...REFERENCE, "--quiet", ...texts])).stderr).toBe("");
});

test("similarity: one text against others, or pairs of a file", async () => {
  const model = tinyModel();
  const pairs = temporaryFolder({ "pairs.tsv": "one\ttwo\nbees\tbees\nbees\tthe rain\n" });
  const scores = async (...argv: string[]) => {
    const result = await runCli(["similarity", "--model", model, ...REFERENCE, ...argv], {
      stdin: ["bees\nthe rain\n"],
    });
    expect(result.stderr).toBe("");
    return jsonLines<{ a: string; b: string; score: number }>(result.stdout);
  };
  const lines = await scores("bees", "bees", "the rain");
  expect(lines.map(({ a, b }) => [a, b])).toEqual([
    ["bees", "bees"],
    ["bees", "the rain"],
  ]);
  expect(lines[0]?.score).toBeCloseTo(1, 6);
  expect(lines[1]?.score).toBeLessThan(1);
  expect(await scores("bees", "--input", "-")).toEqual(lines);
  expect(await scores("--input", join(pairs, "pairs.tsv"), "--column", "one", "--column", "two")).toEqual(lines);
});

test("tokenize: ids, tokens, offsets, words and type ids, in the unit asked for", async () => {
  const model = tinyModel();
  const line = async (...argv: string[]) => jsonLines((await runCli(["tokenize", model, ...argv])).stdout)[0];
  expect(await line("Bees 🐝 make")).toEqual({
    ids: [2, 8, 1, 9, 3],
    tokens: ["[CLS]", "bees", "[UNK]", "make", "[SEP]"],
    offsets: [[0, 0], [0, 4], [5, 7], [8, 12], [0, 0]], // biome-ignore format: rows
    words: [null, 0, 1, 2, null],
    typeIds: [0, 0, 0, 0, 0],
  });
  expect((await line("🐝 bees", "--offsets", "bytes"))?.offsets).toEqual([[0, 0], [0, 4], [5, 9], [0, 0]]); // biome-ignore format: rows
  expect((await line("🐝 bees", "--offsets", "codepoints"))?.offsets).toEqual([[0, 0], [0, 1], [2, 6], [0, 0]]); // biome-ignore format: rows
  expect((await line("bees", "--pair", "honey"))?.typeIds).toEqual([0, 0, 0, 1, 1]);
  expect((await line("[MASK]"))?.tokens).toEqual(["[CLS]", "[MASK]", "[SEP]"]);
  expect((await line("[MASK]", "--specials", "text"))?.tokens).not.toContain("[MASK]");
});

test("tokenize: windows over a long text, or a note about what was cut", async () => {
  const model = tinyModel();
  const argv = ["tokenize", model, "a bee and a bee and a bee", "--max-length", "5"];
  const cut = await runCli(argv);
  expect(cut.stderr).toBe("note: 1 text was cut to 5 tokens; --stride N gives windows over all of a text.\n");
  const windows = await runCli([...argv, "--stride", "1"]);
  expect(windows.stderr).toBe("");
  const [line] = jsonLines<{ windows: { tokens: string[] }[] }>(windows.stdout);
  expect(line?.windows.map(({ tokens }) => tokens.slice(1, -1).join(" "))).toEqual([
    "a bee and",
    "and a bee",
    "bee and a",
    "a bee",
  ]);
});

test("search: passages of files and folders, best first, with their place in the file", async () => {
  const model = tinyModel();
  const folder = temporaryFolder({
    "notes/bees.txt": "How do bees make honey?\n\n# Bees\n\nThey make honey of the rain.\n",
    "notes/.hidden": "bees make honey",
    "notes/node_modules/x.txt": "bees make honey",
    "notes/image.bin": new Uint8Array([1, 0, 2]),
    "rain.txt": "The rain falls on the plain.",
  });
  const paths = [join(folder, "notes"), join(folder, "rain.txt")];
  const result = await runCli(["search", "bees make honey", ...paths, "--model", model, ...REFERENCE, "--top", "2"]);
  expect(result).toMatchObject({
    exitCode: 0,
    stderr: `note: ${join(folder, "notes/image.bin")} is binary and was passed over.\n`,
  });
  const hits = jsonLines<{ file: string; line: number; start: number; end: number; score: number; text: string }>(
    result.stdout,
  );
  expect(hits).toHaveLength(2);
  expect(hits[0]!.score).toBeGreaterThanOrEqual(hits[1]!.score);
  for (const { file, line, start, end, text } of hits) {
    const content = readFileSync(file, "utf8");
    expect(content.slice(start, end)).toBe(text);
    expect(content.slice(0, start).split("\n")).toHaveLength(line);
  }
  const all = await runCli(["search", "bees", ...paths, "--model", model, ...REFERENCE, "--top", "99", "--quiet"]);
  const texts = jsonLines<{ text: string }>(all.stdout).map(({ text }) => text);
  expect(texts.sort()).toEqual([
    "# Bees\n\nThey make honey of the rain.",
    "How do bees make honey?",
    "The rain falls on the plain.",
  ]);
});

test("inspect: what a folder holds and what would load", async () => {
  const model = tinyModel();
  const result = await runCli(["inspect", model, "--memory", "--finite"]);
  expect({ ...result, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const [report] = jsonLines<Record<string, unknown>>(result.stdout);
  expect(report).toMatchObject({
    architecture: "bert",
    head: "base",
    loads: true,
    maxLength: 40,
    unusedKeys: [],
    nonFinite: [],
  });
  expect(report?.heads).toContainEqual({ head: "base", loads: true });
  expect(report?.tokenizer).toMatchObject({ size: 60 });
  expect(report?.tensors).toContainEqual({ name: "embeddings.word_embeddings.weight", type: "F32", shape: [67, 24] });
});

test("verify: within tolerance exits with 0 and saves what can be verified against; else with 1", async () => {
  const model = tinyModel();
  const saved = join(temporaryFolder(), "ours.safetensors");
  const verify = (...argv: string[]) => runCli(["verify", model, ...REFERENCE, ...argv]);
  const result = await verify("--save", saved);
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
  const [report] = jsonLines<{ passed: boolean; outputs: { name: string; passed: boolean }[] }>(result.stdout);
  expect(report?.passed).toBe(true);
  expect(report?.outputs.map(({ name }) => name)).toContain("last_hidden_state");
  expect(report).toMatchObject({ notCompared: { losses: 1 } });
  const expected = Safetensors.open(join(model, "expected.safetensors"));
  const ours = Safetensors.open(saved);
  for (const { name, shape } of expected.list().filter(({ name }) => /^(output|input)\./.test(name))) {
    expect([name, ours.tensor(name).shape]).toEqual([name, shape]);
  }
  expect((await verify("--expected", saved, "--tolerance", "1e-9")).exitCode).toBe(0);
  const strict = await verify("--tolerance", "1e-12");
  expect(strict.exitCode).toBe(1);
  expect(jsonLines(strict.stdout)[0]).toMatchObject({ passed: false });
});

test("verify --gradients compares them too, and saves them", async () => {
  const model = tinyModel();
  const saved = join(temporaryFolder(), "ours.safetensors");
  const result = await runCli(["verify", model, ...REFERENCE, "--gradients", "--save", saved]);
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
  const recorded = Safetensors.open(join(model, "expected.safetensors")).list();
  const gradients = (list: readonly { name: string }[]) =>
    list.map(({ name }) => name).filter((name) => name.startsWith("gradient."));
  const [report] = jsonLines<{ outputs: { name: string }[] }>(result.stdout);
  expect(gradients(report!.outputs).length).toBeGreaterThan(20);
  expect(gradients(report!.outputs)).toEqual(gradients(recorded));
  const again = await runCli(["verify", model, ...REFERENCE, "--gradients", "--expected", saved]);
  expect(jsonLines(again.stdout)[0]).toMatchObject({ passed: true, notCompared: {} });
});

test("doctor: every operation is checked against the reference", { timeout: 60_000 }, async () => {
  const { exitCode, stdout, stderr } = await runCli(["doctor"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const [report] = jsonLines<{ backend: { name: string }; operations: { op: string }[]; candidates: object[] }>(stdout);
  const name = report?.backend.name;
  expect(report?.operations.map(({ op }) => op)).toEqual(name === "reference" ? [] : OP_NAMES);
  expect(report?.candidates).toContainEqual({ name, state: "taken", reason: "the fastest that starts" });
});

test("doctor: the backend that was asked for, and why", async () => {
  const { exitCode, stdout } = await runCli(["doctor", ...REFERENCE]);
  expect(exitCode).toBe(0);
  const [report] = jsonLines<{ candidates: object[] }>(stdout);
  expect(report).toMatchObject({ backend: { name: "reference", threads: 1 }, chosenBy: "caller", passed: true });
  expect(report?.candidates).toContainEqual({ name: "reference", state: "taken", reason: "asked for by --backend" });
});

test("a pipe that nobody reads ends the work quietly", async () => {
  const model = tinyModel();
  let lines = 0;
  const onWrite = () => {
    if (++lines > 2) throw Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  };
  const endless = Array.from({ length: 5000 }, () => "bees make honey\n");
  const result = await runCli(["tokenize", model, "--input", "-"], { stdin: endless, onWrite });
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
  expect(jsonLines(result.stdout)).toHaveLength(2);
});

test("Ctrl-C exits with 130; finished lines stand, those of a file beside it", async () => {
  const model = tinyModel();
  const folder = temporaryFolder();
  const output = join(folder, "out.jsonl");
  const interruption = new AbortController();
  const stdin = (function* () {
    yield "bees\n";
    yield "honey\n";
    interruption.abort();
    yield "rain\n";
    throw interruption.signal.reason;
  })();
  const result = await runCli(["tokenize", model, "--input", "-", "--output", output], {
    stdin: stdin as unknown as string[],
    signal: interruption.signal,
  });
  expect(result).toMatchObject({ exitCode: 130, stdout: "" });
  expect(result.stderr).toBe(`note: stopped early; the 3 finished lines are in ${output}.partial.\n`);
  expect(existsSync(output)).toBe(false);
  expect(jsonLines(readFileSync(`${output}.partial`, "utf8"))).toHaveLength(3);
});

test("an empty input has no lines, and says so", async () => {
  const model = tinyModel();
  const folder = temporaryFolder({ "empty.txt": "" });
  writeFileSync(join(folder, "rows.csv"), "text\n");
  for (const name of ["empty.txt", "rows.csv"]) {
    const result = await runCli(["tokenize", model, "--input", join(folder, name)]);
    expect(result).toEqual({ exitCode: 0, stdout: "", stderr: `note: ${name} holds no texts.\n` });
  }
});
