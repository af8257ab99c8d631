import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tinyModel } from "../support/run-cli.ts";
import { repositoryRoot } from "../support/shared.ts";

/** A real process from the sources; what depends on signals and on the system's own pipes. */
function start(...argv: string[]) {
  const main = join(repositoryRoot, "src/cli/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...argv], { cwd: repositoryRoot });
  onTestFinished(() => void child.kill("SIGKILL"));
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.stderr += text));
  child.stdin.on("error", () => undefined); // the child may be gone before it has read everything
  return { child, written, exit: once(child, "close").then(([exitCode]) => exitCode as number | null) };
}

async function lines(child: ChildProcessWithoutNullStreams, written: { stdout: string }, count: number): Promise<void> {
  while (written.stdout.split("\n").length <= count) await once(child.stdout, "data");
}

test("results come while input is still open; Ctrl-C exits with 130 and they stand", async () => {
  const { child, written, exit } = start("embed", "--model", tinyModel(), "--backend", "reference", "--input", "-");
  child.stdin.write("bees\nhoney\n");
  await lines(child, written, 2);
  child.kill("SIGINT");
  expect(await exit).toBe(130);
  expect(written.stderr).toBe("");
  const texts = written.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).text);
  expect(texts).toEqual(["bees", "honey"]);
});

test("a reader that leaves early, as head does, ends the process quietly", async () => {
  const { child, written, exit } = start("tokenize", tinyModel(), "--input", "-");
  child.stdin.write("bees make honey\n".repeat(50_000));
  await lines(child, written, 1);
  child.stdout.destroy();
  expect(await exit).toBe(0);
  expect(written.stderr).toBe("");
});

test("a mistake exits with 2 and one sentence", async () => {
  const { written, exit } = start("inspect", "./missing");
  expect(await exit).toBe(2);
  expect(written).toEqual({ stdout: "", stderr: 'error: There is no model folder at "./missing".\n' });
});
