import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const REFERENCE = ["--backend", "reference"];

/** What a person sees, with folders and bold made readable. */
async function seen(argv: readonly string[], ...folders: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli([...argv, "--quiet"], { isTerminal: true });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const plain = stdout.replaceAll("\u001b[1m", "<b>").replaceAll("\u001b[22m", "</b>");
  return folders.reduce(
    (text, folder) => text.replaceAll(folder, "FOLDER").replaceAll(folder.split("/").at(-1)!, "FOLDER"),
    plain,
  );
}

test("embed shows the first numbers", async () => {
  const text = await seen(["embed", "bees make honey", "a\u001b[31mred\nline", "--model", tinyModel(), ...REFERENCE]);
  expect(text).toMatch(
    /^bees make honey\n {2}\[(-?\d\.\d{4}, ){6}\.\.\.\] {2}24 numbers, 5 tokens\na\ufffd\[31mred line\n/,
  );
});

test("similarity shows a score a line", async () => {
  expect(await seen(["similarity", "bees", "bees", "--model", tinyModel(), ...REFERENCE])).toBe(
    " 1.0000  bees  |  bees\n",
  );
});

test("search shows where, how well, and the best sentence in bold", async () => {
  const folder = temporaryFolder({ "notes.txt": "# Rain\n\nThe rain falls. Bees make honey.\nIt is on the plain.\n" });
  const argv = ["search", "bees make honey.", folder, "--model", tinyModel(), ...REFERENCE];
  expect((await seen(argv, folder)).replace(/\d\.\d{3}/, "SCORE")).toBe(
    "<b>FOLDER/notes.txt:1</b>  SCORE\n  # Rain\n\n  The rain falls. <b>Bees make honey.</b>\n  It is on the plain.\n\n",
  );
  const plain = await runCli(argv, { isTerminal: true, environment: { NO_COLOR: "1" } });
  expect(plain.stdout).not.toContain("\u001b");
});

test("tokenize shows a table", async () => {
  expect(await seen(["tokenize", tinyModel(), "bees xyz"])).toMatchInlineSnapshot(`
    "   token  id  offsets  word
    0  [CLS]   2
    1  bees    8  0-4      0
    2  [UNK]   1  5-8      1
    3  [SEP]   3

    "
  `);
});

test("inspect shows facts, heads and what is left over", async () => {
  const model = tinyModel();
  expect(await seen(["inspect", model, "--memory", "--finite"], model)).toMatchInlineSnapshot(`
    "FOLDER  FOLDER
      architecture  bert, head base
      sizes         layers 2, hidden size 24, heads 3, feed-forward 40, vocabulary 67
      reads         40 tokens at most
      weights       39 tensors, 12,248 parameters, 49.0 kB as F32
      files         model.safetensors
      tokenizer     60 tokens

    heads
      base         loads
      mlm          does not: Checkpoint "FOLDER": 5 weights missing: "cls.predictions.transform.dense.weight" [24,24], "cls.predictions.t…
      pretraining  does not: Checkpoint "FOLDER": 7 weights missing: "cls.predictions.transform.dense.weight" [24,24], "cls.predictions.t…
      sequence     does not: Checkpoint "FOLDER": 2 weights missing: "classifier.weight" [2,24], "classifier.bias" [2].
      token        does not: Checkpoint "FOLDER": 2 weights missing: "classifier.weight" [2,24], "classifier.bias" [2].
      qa           does not: Checkpoint "FOLDER": 2 weights missing: "qa_outputs.weight" [2,24], "qa_outputs.bias" [2].
      choice       does not: Checkpoint "FOLDER": 2 weights missing: "classifier.weight" [1,24], "classifier.bias" [1].
      nsp          does not: Checkpoint "FOLDER": 2 weights missing: "cls.seq_relationship.weight" [2,24], "cls.seq_relationship.bias" [2…

    memory
      a run of         weights    arena  outputs  together
      1 x 40 tokens    49.0 kB  23.0 kB   0.1 kB   72.1 kB
      102 x 40 tokens  49.0 kB   2.0 MB   9.8 kB    2.0 MB

    all weights are finite
    "
  `);
});

test("verify shows a table and the verdict", async () => {
  const model = tinyModel();
  const text = await seen(["verify", model, ...REFERENCE], model);
  expect(text.replace(/\d\.\d\de-\d/g, "NUMBER")).toMatchInlineSnapshot(`
    "FOLDER, head base, on reference
      output             shape           largest difference  allowed      cosine
      attentions.0       [3, 3, 11, 11]             NUMBER  NUMBER  1.00000000  ok
      attentions.1       [3, 3, 11, 11]             NUMBER  NUMBER  1.00000000  ok
      hidden_states.0    [3, 11, 24]                NUMBER  NUMBER  1.00000000  ok
      hidden_states.1    [3, 11, 24]                NUMBER  NUMBER  1.00000000  ok
      hidden_states.2    [3, 11, 24]                NUMBER  NUMBER  1.00000000  ok
      last_hidden_state  [3, 11, 24]                NUMBER  NUMBER  1.00000000  ok
      pooler_output      [3, 24]                    NUMBER  NUMBER  1.00000000  ok
      not compared: 39 gradients, 1 loss
    within a tolerance of 0.0001
    "
  `);
  const { exitCode, stdout } = await runCli(["verify", model, ...REFERENCE, "--tolerance", "1e-12"], {
    isTerminal: true,
  });
  expect(exitCode).toBe(1);
  expect(stdout).toContain("FAIL");
  expect(stdout).toMatch(/NOT within a tolerance of 1e-12\n$/);
});

test("doctor shows the machine and the choice", async () => {
  const text = await seen(["doctor", ...REFERENCE]);
  expect(text).toContain("backend    reference, javascript, 1 thread\n");
  expect(text).toMatch(/reference {2}taken +asked for by --backend\n/);
  expect(text).toContain("self-check: none; this is the reference");
});

test("--json on a terminal gives lines for programs", async () => {
  const { stdout } = await runCli(["tokenize", tinyModel(), "bees", "--json"], { isTerminal: true });
  expect(JSON.parse(stdout)).toMatchObject({ tokens: ["[CLS]", "bees", "[SEP]"] });
});

test("results in a file are lines for programs, whoever watches", async () => {
  const output = join(temporaryFolder(), "out.jsonl");
  expect(await seen(["tokenize", tinyModel(), "bees", "--output", output])).toBe("");
});
