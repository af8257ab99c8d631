import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const LINES = "bees make honey\nthe bees like honey\n\nthe rain falls on bees\n".repeat(5);

async function train(...argv: string[]) {
  const { exitCode, stdout, stderr } = await runCli(["train-tokenizer", ...argv]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return jsonLines(stdout)[0]!;
}

test("train-tokenizer: lines, gzip, JSON Lines and CSV give the same two files, which tokenize reads", async () => {
  const rows = LINES.split("\n").filter((line) => line !== "");
  const folder = temporaryFolder({
    "corpus.txt": LINES,
    "corpus.jsonl": rows.map((body) => JSON.stringify({ body })).join("\n"),
    "corpus.csv": `text\n${rows.join("\n")}\n`,
    "packed.txt.gz": gzipSync(LINES),
  });
  const files: string[][] = [];
  for (const name of ["corpus.txt", "packed.txt.gz", "corpus.jsonl", "corpus.csv"]) {
    const output = join(folder, `of-${name}`);
    const columns = name.endsWith(".jsonl") ? ["--columns", "text=body"] : [];
    const written = await train(
      "--corpus",
      join(folder, name),
      "--vocabulary-size",
      "60",
      "--output",
      output,
      ...columns,
    );
    expect(written).toEqual({ output, kind: "word-piece", size: 52, texts: 15, words: 8, skipped: 0 });
    expect(readdirSync(output)).toEqual(["tokenizer.json", "tokenizer_config.json"]);
    files.push(readdirSync(output).map((file) => readFileSync(join(output, file), "utf8")));
  }
  for (const other of files.slice(1)) expect(other).toEqual(files[0]);
  const { stdout } = await runCli(["tokenize", join(folder, "of-corpus.txt"), "the bees"]);
  expect(jsonLines(stdout)[0]).toMatchObject({ tokens: ["[CLS]", "the", "bees", "[SEP]"] });
});

test("train-tokenizer: several files, every kind, all flags; people get a sentence", async () => {
  const folder = temporaryFolder({ "a.txt": LINES, "b.txt": "Honey MAKES bees\n".repeat(9) });
  const corpus = [
    "--corpus",
    join(folder, "a.txt"),
    join(folder, "b.txt"),
    "--output",
    join(folder, "t"),
    "--lowercase",
  ];
  const flags = ["--special-tokens", "[USER]", "[BOT]", "--min-frequency", "3", "--max-length", "128"];
  for (const kind of ["byte-pair", "byte-level", "unigram"]) {
    expect(await train("--kind", kind, ...corpus, ...flags)).toMatchObject({ kind, texts: 24 });
  }
  const config = JSON.parse(readFileSync(join(folder, "t", "tokenizer_config.json"), "utf8"));
  expect(config).toMatchObject({ model_max_length: 128, additional_special_tokens: ["[USER]", "[BOT]"] });
  const argv = ["train-tokenizer", ...corpus, "--continuing-prefix", "@@", "--limit-alphabet", "30"];
  const { stdout } = await runCli(argv, { isTerminal: true });
  expect(stdout.replaceAll(folder, "FOLDER")).toMatch(
    /^Written: FOLDER.t \(word-piece, \d+ tokens from 24 texts with 9 different words\)\n$/,
  );
});

test("train-tokenizer: mistakes", async () => {
  const folder = temporaryFolder({
    "corpus.txt": LINES,
    "empty.txt": "",
    "bad.txt": new Uint8Array([0x61, 0x0a, 0xff, 0xfe, 0x0a]),
  });
  const mistake = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await runCli(["train-tokenizer", ...argv]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    return stderr.replaceAll(folder, "FOLDER");
  };
  const corpus = (name: string) => ["--corpus", join(folder, name), "--output", join(folder, "t")];
  expect(await mistake()).toBe("error: No corpus is given. Pass --corpus FILE, one or more.\n");
  expect(await mistake("--corpus", join(folder, "corpus.txt"))).toBe(
    "error: A tokenizer is written to a folder: pass --output FOLDER.\n",
  );
  expect(await mistake(...corpus("missing.txt"))).toBe('error: There is no data file "FOLDER/missing.txt".\n');
  expect(await mistake(...corpus("empty.txt"))).toBe("error: empty.txt holds no rows: the split is empty.\n");
  expect(await mistake(...corpus("bad.txt"))).toBe(
    "error: bad.txt, line 2 is not valid UTF-8. Save the file as UTF-8.\n",
  );
  expect(await mistake(...corpus("corpus.txt"), "--output", join(folder, "corpus.txt"))).toBe(
    'error: output "FOLDER/corpus.txt" is a file; expected a folder\'s name.\n',
  );
  expect(await mistake(...corpus("corpus.txt"), "--vocabulary-size", "9")).toMatch(
    /^error: vocabularySize is 9, but special tokens \(5\) and characters \(\d+\) take \d+\. Pass at least \d+, or a smaller/,
  );
  expect(await mistake(...corpus("corpus.txt"), "--kind", "bpe")).toBe(
    "error: option '--kind <name>' argument 'bpe' is invalid. Allowed choices are word-piece, byte-pair, byte-level, unigram.\n",
  );
  expect(readdirSync(folder)).not.toContain("t");
});

test("train-tokenizer: bad rows are passed over where that is asked for; Ctrl-C ends it", async () => {
  const folder = temporaryFolder({ "corpus.jsonl": `{"text":"bees make honey"}\n{"text":7}\n`.repeat(4) });
  const argv = ["--corpus", join(folder, "corpus.jsonl"), "--output", join(folder, "t"), "--min-frequency", "1"];
  expect(await train(...argv, "--skip-bad-rows")).toMatchObject({ texts: 4, skipped: 4 });
  const { exitCode } = await runCli(["train-tokenizer", ...argv], { signal: AbortSignal.abort() });
  expect(exitCode).toBe(130);
});
