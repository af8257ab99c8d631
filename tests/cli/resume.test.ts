import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const TEXTS = ["bees make honey", "", "the rain falls", "honey falls"];

/** A folder with the texts, their whole output, and a way to run the command again. */
async function embedded() {
  const folder = temporaryFolder({ "texts.txt": `${TEXTS.join("\n")}\n` });
  const whole = join(folder, "whole.jsonl");
  const output = join(folder, "out.jsonl");
  const model = tinyModel();
  const run = (to: string, ...flags: string[]) => {
    const input = join(folder, "texts.txt");
    return runCli(["embed", "--model", model, "--backend", "reference", "--input", input, "--output", to, ...flags]);
  };
  expect((await run(whole)).exitCode).toBe(0);
  return { folder, output, run, whole: readFileSync(whole, "utf8") };
}

test("embed --resume goes on where a run was killed, wherever in a line that was", async () => {
  const { output, run, whole } = await embedded();
  const ends = [...whole.matchAll(/\n/g)].map(({ index }) => index + 1);
  for (const cut of [0, 7, ends[0]! - 1, ends[0]!, ends[1]! + 3, ends[2]!, whole.length]) {
    writeFileSync(`${output}.partial`, whole.slice(0, cut));
    expect(await run(output, "--resume")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(readFileSync(output, "utf8")).toBe(whole);
    expect(existsSync(`${output}.partial`)).toBe(false);
  }
});

test("embed --resume has nothing to do when the output is whole, and starts when there is none", async () => {
  const { output, run, whole } = await embedded();
  expect((await run(output, "--resume")).exitCode).toBe(0);
  expect(readFileSync(output, "utf8")).toBe(whole);
  const again = await run(output, "--resume");
  expect(again).toMatchObject({ exitCode: 0, stderr: `note: ${output} is whole; there is nothing to resume.\n` });
});

test("embed --resume refuses the lines of another input", async () => {
  const { folder, output, run, whole } = await embedded();
  const [first, second] = whole.split("\n");
  const refusal = async (partial: string) => {
    writeFileSync(`${output}.partial`, partial);
    const { exitCode, stderr } = await run(output, "--resume");
    expect(exitCode).toBe(2);
    expect(readFileSync(`${output}.partial`, "utf8")).toBe(partial);
    return stderr.replaceAll(folder, "FOLDER").trimEnd();
  };
  expect(await refusal(`${second}\n${first}\n`)).toMatchInlineSnapshot(
    `"error: --resume: the partial output belongs to another input: text 2 is another one there. Remove it, or name another --output."`,
  );
  expect(await refusal(whole + whole)).toMatchInlineSnapshot(
    `"error: --resume: the partial output belongs to another input: it has 8 finished lines, the input 4 texts. Remove it, or name another --output."`,
  );
  expect(await refusal("[]\n")).toMatchInlineSnapshot(
    `"error: FOLDER/out.jsonl.partial, line 1 is no result of this command."`,
  );
});

test("--resume needs --output", async () => {
  const { exitCode, stderr } = await runCli(["embed", "bees", "--model", tinyModel(), "--resume"]);
  expect(exitCode).toBe(2);
  expect(stderr).toBe("error: --resume goes on with a file; pass --output FILE with it.\n");
});
