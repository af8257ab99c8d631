import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REFERENCE = ["--backend", "reference", "--repeats", "1"];

test("bench: an object a configuration, lists multiplied", async () => {
  const input = join(temporaryFolder({ "texts.txt": "bees make honey\nthe rain falls\nrain\n" }), "texts.txt");
  const argv = ["bench", "--model", tinyModel(), "--input", input, "--limit", "2", ...REFERENCE];
  const { exitCode, stdout, stderr } = await runCli([...argv, "--dtype", "f32,int8", "--batch-tokens", "4,512"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const lines = jsonLines(stdout);
  expect(lines.map(({ dtype, batchTokens }) => [dtype, batchTokens])).toEqual([
    ["f32", 4],
    ["f32", 512],
    ["int8", 4],
    ["int8", 512],
  ]);
  for (const line of lines) {
    expect(line).toMatchObject({ backend: "reference", threads: 1, texts: 2, tokens: 10, ofPeak: null });
    for (const figure of ["loadSeconds", "textsPerSecond", "tokensPerSecond", "p50Milliseconds", "peakMegabytes"]) {
      expect(line[figure], figure).toBeGreaterThan(0);
    }
    expect(line.firstVectorSeconds).toBeGreaterThan(line.loadSeconds as number);
    expect(line.p95Milliseconds).toBeGreaterThanOrEqual(line.p50Milliseconds as number);
  }
});

test("bench: one table on a terminal", async () => {
  const argv = ["bench", "--model", tinyModel(), "bees make honey", ...REFERENCE, "--quiet"];
  const { exitCode, stdout } = await runCli(argv, { isTerminal: true });
  expect(exitCode).toBe(0);
  const [title, header, row] = stdout.split("\n");
  expect(title).toMatch(/: 1 texts?, 5 tokens; medians of 1 interleaved repeats?; p50 and p95 of one short text$/);
  expect(header).toMatch(
    /^backend +dtype +threads +batch +load +first vector +texts\/s +tokens\/s +p50 +p95 +memory +of peak$/,
  );
  expect(row).toMatch(/^reference javascript +f32 +1 +[\d.]+ s +[\d.]+ s /);
});

test.each([
  [
    ["x", "--dtype", "f16"],
    "error: option '--dtype <names>' argument 'f16' is invalid. Allowed choices are f32, bf16, int8.\n",
  ],
  [
    ["x", "--threads", "1,0"],
    "error: option '--threads <n,...>' argument '1,0' is invalid. Expected a whole number, 1 or more.\n",
  ],
  [
    ["x", "--backend", ","],
    "error: option '--backend <names>' argument ',' is invalid. Expected one value or several, with commas.\n",
  ],
  [["x", "--model", "/none"], 'error: There is no model folder at "/none".\n'],
  [[], "error: No text is given. Pass texts as arguments, or --input FILE (- for standard input).\n"],
])("bench %j is a mistake", async (argv, stderr) => {
  expect(await runCli(["bench", ...argv])).toEqual({ exitCode: 2, stdout: "", stderr });
});

test("bench tells what the measured process cannot open", async () => {
  const folder = temporaryFolder({ "config.json": '{"model_type":"none"}' });
  const { exitCode, stdout, stderr } = await runCli(["bench", "x", "--model", folder, "--backend", "reference"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toMatch(/^error: .+\n$/);
  expect(stderr).not.toContain("fault of Cloze");
});
