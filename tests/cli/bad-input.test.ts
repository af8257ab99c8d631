import { chmodSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { jsonLines, runCli, tinyModel } from "../support/run-cli.ts";
import { describeIf } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REFERENCE = ["--backend", "reference"];

/** Runs a line that is a mistake: exit code 2, one sentence on stderr, nothing on stdout. Folders become FOLDER. */
async function mistake(argv: readonly string[], ...folders: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(argv);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  return folders.reduce(
    (text, folder) => text.replaceAll(folder, "FOLDER").replaceAll(basename(folder), "FOLDER"),
    stderr.trimEnd(),
  );
}

/** A model's folder in which one thing was changed. */
function brokenModel(change: (folder: string) => void): string {
  const folder = tinyModel();
  change(folder);
  return folder;
}

function editConfig(folder: string, changes: object): void {
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...changes }));
}

test("a file that is not there", async () => {
  const model = tinyModel();
  expect(await mistake(["embed", "--model", model, "--input", "missing.txt"])).toMatchInlineSnapshot(
    `"error: There is no file "missing.txt" to read texts from."`,
  );
  expect(await mistake(["search", "bees", "missing.txt", "--model", model, ...REFERENCE])).toMatchInlineSnapshot(
    `"error: There is no file or folder "missing.txt" to search."`,
  );
  expect(await mistake(["similarity", "bees", "--input", model, "--model", model], model)).toMatchInlineSnapshot(
    `"error: "FOLDER" is a folder; --input reads one file."`,
  );
  for (const verb of ["inspect", "verify"])
    expect(await mistake([verb, "./missing"])).toBe('error: There is no model folder at "./missing".');
  expect(await mistake(["embed", "x", "--model", "org/missing"])).toMatchInlineSnapshot(
    `"error: There is no folder "org/missing" here, "org/missing" at "main" is not in the cache /nonexistent/hub, and HF_HUB_OFFLINE forbids asking the hub. Run "cloze pull org/missing" with a network, or pass a model's folder."`,
  );
  expect(await mistake(["tokenize", "missing", "x"])).toMatchInlineSnapshot(
    `"error: There is no folder "missing" here, "missing" at "main" is not in the cache /nonexistent/hub, and HF_HUB_OFFLINE forbids asking the hub. Run "cloze pull missing" with a network, or pass a model's folder."`,
  );
});

test("a folder that holds no model", async () => {
  const folder = temporaryFolder({ "notes.txt": "x" });
  for (const argv of [
    ["inspect", folder],
    ["verify", folder],
  ]) {
    expect(await mistake(argv, folder)).toBe('error: config.json is missing: expected a file at "FOLDER/config.json".');
  }
  expect(await mistake(["embed", "x", "--model", folder, ...REFERENCE], folder)).toMatchInlineSnapshot(
    `"error: FOLDER holds no tokenizer: expected tokenizer.json, vocab.txt, vocab.json with merges.txt, or one of spiece.model, spm.model, sentencepiece.bpe.model, sentencepiece.model, tokenizer.model."`,
  );
  expect(await mistake(["embed", "x", "--model", join(folder, "notes.txt")], folder)).toMatchInlineSnapshot(
    `"error: "FOLDER/notes.txt" is a file; expected a model's folder, with config.json and weights in it."`,
  );
});

test("truncated weights", async () => {
  const model = brokenModel((folder) => truncateSync(join(folder, "model.safetensors"), 5000));
  const sentences = await Promise.all(
    [
      ["embed", "x", "--model", model, ...REFERENCE],
      ["verify", model, ...REFERENCE],
      ["inspect", model],
    ].map((argv) => mistake(argv, model)),
  );
  expect(new Set(sentences).size).toBe(1);
  expect(sentences[0]).toMatchInlineSnapshot(
    `"error: "FOLDER/model.safetensors" holds 1040 bytes of data; its header describes 48992. The file is truncated or damaged: fetch it again."`,
  );
});

test("weights of another shape than the configuration says", async () => {
  const model = brokenModel((folder) => editConfig(folder, { intermediate_size: 41 }));
  expect(await mistake(["verify", model, ...REFERENCE], model)).toMatchInlineSnapshot(
    `"error: Checkpoint "FOLDER": 6 weights of another shape: "bert.encoder.layer.0.intermediate.dense.weight" is [40,24], expected [41,24], "bert.encoder.layer.0.intermediate.dense.bias" is [40], expected [41], "bert.encoder.layer.0.output.dense.weight" is [24,40], expected [24,41], "bert.encoder.layer.1.intermediate.dense.weight" is [40,24], expected [41,24], "bert.encoder.layer.1.intermediate.dense.bias" is [40], expected [41], "bert.encoder.layer.1.output.dense.weight" is [24,40], expected [24,41]."`,
  );
  const inspected = await runCli(["inspect", model]);
  expect(inspected).toMatchObject({ exitCode: 1, stderr: "" });
  expect(jsonLines(inspected.stdout)[0]).toMatchObject({
    loads: false,
    problem: expect.stringContaining("of another shape"),
  });
});

test("another activation", async () => {
  const model = brokenModel((folder) => editConfig(folder, { hidden_act: "quick_gelu_typo" }));
  expect(await mistake(["embed", "x", "--model", model, ...REFERENCE], model)).toMatchInlineSnapshot(
    `"error: config.json: hidden_act is "quick_gelu_typo"; known: "gelu", "gelu_python", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu", "relu", "relu2", "silu", "swish", "tanh", "sigmoid", "linear"."`,
  );
  expect(jsonLines((await runCli(["inspect", model])).stdout)[0]).toMatchObject({ loads: false, architecture: null });
});

test("a folder without a tokenizer", async () => {
  const model = brokenModel((folder) => rmSync(join(folder, "vocab.txt")));
  const sentence = await mistake(["tokenize", model, "x"], model);
  expect(sentence).toContain("FOLDER holds no tokenizer");
  expect(await mistake(["embed", "x", "--model", model, ...REFERENCE], model)).toBe(sentence);
});

test("weights that are not finite", async () => {
  const model = brokenModel((folder) => {
    const file = join(folder, "model.safetensors");
    const bytes = readFileSync(file);
    bytes.writeFloatLE(Number.NaN, bytes.length - 4);
    bytes.writeFloatLE(Number.POSITIVE_INFINITY, bytes.length - 8);
    writeFileSync(file, bytes);
  });
  const inspected = await runCli(["inspect", model, "--finite"]);
  expect(inspected).toMatchObject({ exitCode: 1, stderr: "" });
  expect(jsonLines(inspected.stdout)[0]?.nonFinite).toEqual([{ name: "pooler.dense.weight", nan: 1, infinite: 1 }]);
  const verified = await runCli(["verify", model, ...REFERENCE]);
  expect(verified).toMatchObject({ exitCode: 1, stdout: "" });
  expect(verified.stderr).toMatch(/^error: Output "pooled" is not finite: .* cloze inspect --finite\n$/);
});

test("no recorded outputs", async () => {
  const model = brokenModel((folder) => rmSync(join(folder, "expected.safetensors")));
  expect(await mistake(["verify", model, ...REFERENCE], model)).toMatchInlineSnapshot(
    `"error: There are no recorded outputs at "FOLDER/expected.safetensors". Name a file with --expected."`,
  );
});

test("input that is not UTF-8: an error that names the line, finished lines beside the output", async () => {
  const model = tinyModel();
  const folder = temporaryFolder({ "texts.txt": new Uint8Array([...Buffer.from("bees\nmake\n"), 0xff, 0x0a]) });
  const argv = ["tokenize", model, "--input", join(folder, "texts.txt")];
  const piped = await runCli(argv);
  expect(piped).toMatchObject({
    exitCode: 2,
    stderr: "error: texts.txt, line 3 is not valid UTF-8. Save the file as UTF-8.\n",
  });
  expect(jsonLines(piped.stdout)).toHaveLength(2);
  const written = await runCli([...argv, "--output", join(folder, "out.jsonl")]);
  expect(written.exitCode).toBe(2);
  expect(readdirSync(folder).sort()).toEqual(["out.jsonl.partial", "texts.txt"]);
});

test("nothing is left of an output that never began", async () => {
  const model = tinyModel();
  const folder = temporaryFolder({ "rows.jsonl": "{}" });
  const output = join(folder, "out.jsonl");
  const input = ["--input", join(folder, "rows.jsonl")];
  expect(await mistake(["tokenize", model, ...input, "--output", output])).toMatchInlineSnapshot(
    `"error: rows.jsonl, line 1: expected a string in the field "text"; it has no fields."`,
  );
  expect(readdirSync(folder)).toEqual(["rows.jsonl"]);
  expect(await mistake(["tokenize", model, "x", "--output", folder], folder)).toMatchInlineSnapshot(
    `"error: --output "FOLDER" is a folder; expected a file's name."`,
  );
  expect(await mistake(["tokenize", model, "x", "--output", join(folder, "no/out")], folder)).toMatchInlineSnapshot(
    `"error: --output "FOLDER/no/out" cannot be written: its folder is not there."`,
  );
});

test("search survives invalid UTF-8, an empty file, a binary one and a line of 10 MB, with a note on each", async () => {
  const model = tinyModel();
  const folder = temporaryFolder({
    "a-latin1.txt": new Uint8Array([...Buffer.from("bees make honey "), 0xe9]),
    "b-empty.txt": "",
    "c-binary.dat": new Uint8Array([0, 1, 2]),
    "d-long.txt": `${"bees make honey ".repeat(655_360)}\nthe rain falls\n`,
  });
  const result = await runCli(["search", "the rain falls", folder, "--model", model, "--top", "1"]);
  expect(result.exitCode).toBe(0);
  expect(result.stderr.replaceAll(folder, "FOLDER")).toMatchInlineSnapshot(`
    "note: FOLDER/a-latin1.txt is not valid UTF-8; the bytes that are none were read as U+FFFD.
    note: FOLDER/b-empty.txt is empty.
    note: FOLDER/d-long.txt: line 1 is longer than 100,000 characters; the rest was not read.
    note: FOLDER/c-binary.dat is binary and was passed over.
    "
  `);
  expect(jsonLines(result.stdout)).toHaveLength(1);
});

test("a line of 10 MB to embed is cut, and that is said", async () => {
  const model = tinyModel();
  const stdin = [`${"bees make honey ".repeat(655_360)}\nbees\n`];
  const { exitCode, stdout, stderr } = await runCli(["embed", "--model", model, ...REFERENCE, "--input", "-"], {
    stdin,
  });
  expect(exitCode).toBe(0);
  expect(jsonLines(stdout).map(({ tokens, truncated }) => [tokens, truncated])).toEqual([[40, true], [3, false]]); // biome-ignore format: rows
  expect(stderr).toMatch(/^note: 1 of 2 texts was cut to 40 tokens \(text 1\); [\d,]+ characters were not read\.\n$/);
});

test("a text over the limit, where that is an error", async () => {
  const model = tinyModel();
  const long = "bees ".repeat(50);
  expect(await mistake(["embed", long, "--model", model, ...REFERENCE, "--truncation", "error"])).toMatchInlineSnapshot(
    `"error: Text 0 has 52 tokens; this model reads at most 40. Pass truncation: "truncate", or shorter texts."`,
  );
  const found = await runCli(["search", long, join(model, "vocab.txt"), "--model", model, ...REFERENCE]);
  expect(found).toMatchObject({
    exitCode: 0,
    stderr: "note: the query was cut to 40 tokens, all that the model reads.\n",
  });
});

test("flags and texts that contradict each other", async () => {
  const model = tinyModel();
  expect(await mistake(["embed", "--model", model])).toMatchInlineSnapshot(
    `"error: No text is given. Pass texts as arguments, or --input FILE (- for standard input)."`,
  );
  expect(await mistake(["embed", "x", "--input", "y", "--model", model])).toMatchInlineSnapshot(
    `"error: Texts are given twice: "x" and --input y. Keep one of them."`,
  );
  expect(
    await mistake(["embed", "--input", "-", "--field", "a", "--column", "b", "--model", model]),
  ).toMatchInlineSnapshot(`"error: --field is for JSON Lines and --column for CSV and TSV. Keep one of them."`);
  expect(await mistake(["similarity", "x", "--model", model])).toMatchInlineSnapshot(
    `"error: "x" is compared with nothing. Pass another text, or --input FILE."`,
  );
  expect(await mistake(["tokenize", model, "x", "--stride", "2"])).toMatchInlineSnapshot(
    `"error: --stride is how far windows overlap; pass --max-length, their size, with it."`,
  );
  expect(await mistake(["search", " ", "x"])).toMatchInlineSnapshot(
    `"error: The query is empty. Say what to look for."`,
  );
});

const readsEverything = process.getuid?.() === 0 || process.platform === "win32";
describeIf(
  "a file that may not be read",
  readsEverything ? "not on this machine: this user may read everything" : undefined,
  () => {
    test("is named", async () => {
      const folder = temporaryFolder({ "secret.txt": "x" });
      chmodSync(join(folder, "secret.txt"), 0);
      expect(await mistake(["tokenize", tinyModel(), "--input", join(folder, "secret.txt")], folder)).toBe(
        'error: "FOLDER/secret.txt" may not be read or written by you.',
      );
    });
  },
);

test("CLOZE_DEBUG=1 shows the stack, which else nobody sees", async () => {
  const { exitCode, stderr } = await runCli(["inspect", "./missing"], { environment: { CLOZE_DEBUG: "1" } });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^error: There is no model folder.*\n\w*Error: .*\n\s+at /);
});
