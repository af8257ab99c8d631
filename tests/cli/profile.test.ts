import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, tinyModel } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("--profile tells on stderr what operations took, and leaves stdout as it is", async () => {
  const argv = ["embed", "--model", tinyModel(), "bees make honey", "rain", "--backend", "reference"];
  const plain = await runCli(argv);
  const { exitCode, stdout, stderr } = await runCli([...argv, "--profile"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: plain.stdout });
  expect(stderr).toMatch(/^op +calls +ms +share +GF\/s +of peak\n/);
  expect(stderr).toMatch(/\nattention, \d+ heads of \d+ +\d+ +[\d.]+ +[\d.]+ %/);
  expect(stderr).toMatch(
    /\nall +\d+ +[\d.]+ +100\.0 %.*\n1 run; between them the backend waited [\d.]+ ms for work\n$/,
  );
});

test("--profile-trace writes a file and prints nothing", async () => {
  const file = join(temporaryFolder({}), "trace.json");
  const argv = ["similarity", "--model", tinyModel(), "bees make honey", "rain", "--backend", "reference"];
  const { exitCode, stderr } = await runCli([...argv, "--profile-trace", file]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const { traceEvents } = JSON.parse(readFileSync(file, "utf8"));
  expect(traceEvents.some((event: { cat?: string }) => event.cat === "attention")).toBe(true);
});

test("a trace that cannot be written is a mistake, told before the work", async () => {
  const folder = temporaryFolder({});
  const missing = join(folder, "none", "trace.json");
  const argv = ["embed", "--model", tinyModel(), "bees", "--backend", "reference", "--profile-trace"];
  expect(await runCli([...argv, folder])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: `error: --profile-trace "${folder}" is a folder; expected a file's name.\n`,
  });
  expect(await runCli([...argv, missing])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: `error: --profile-trace "${missing}" cannot be written: its folder is not there.\n`,
  });
  expect(existsSync(missing)).toBe(false);
});

test("--profile of a command that fails tells that no model ran, after the error's cause", async () => {
  const { exitCode, stdout, stderr } = await runCli([
    "embed",
    "--model",
    "/none",
    "x",
    "--backend",
    "reference",
    "--profile",
  ]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toMatch(/^profile: no model ran\nerror: /);
});
