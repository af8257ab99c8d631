import { expect, test } from "vitest";
import { VERBS } from "../../src/cli/verbs.ts";
import { runCli } from "../support/run-cli.ts";

test("cloze --help, cloze help and cloze alone list the commands", async () => {
  const { exitCode, stdout, stderr } = await runCli(["--help"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatchSnapshot();
  expect((await runCli([])).stdout).toBe(stdout);
  expect((await runCli(["help"])).stdout).toBe(stdout);
});

test.each(VERBS.map(({ name }) => name))("cloze %s --help", async (verb) => {
  const { exitCode, stdout, stderr } = await runCli([verb, "--help"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatchSnapshot();
  expect(stdout).toMatch(/Examples:\n {2}(\S+=\S+ )?cloze |Examples:\n {2}cat /);
  for (const flag of ["--json", "--backend", "--threads", "--quiet"]) expect(stdout).toContain(flag);
  expect((await runCli(["help", verb])).stdout).toBe(stdout);
});

test("cloze --version prints the package's version", async () => {
  expect((await runCli(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  [["embedd", "x"], "error: unknown command 'embedd'; did you mean embed?\n"],
  [["embed", "x", "--outptu", "y"], "error: unknown option '--outptu'; did you mean --output?\n"],
  [["tokenize", ".", " x", "--ofsets", "bytes"], "error: unknown option '--ofsets'; did you mean --offsets?\n"],
  [["search"], "error: missing required argument 'query'\n"],
  [
    ["embed", "x", "--threads", "none"],
    "error: option '--threads <n>' argument 'none' is invalid. Expected a whole number, 1 or more.\n",
  ],
  [
    ["embed", "x", "--backend", "gpu"],
    "error: option '--backend <name>' argument 'gpu' is invalid. Allowed choices are native, wasm, reference.\n",
  ],
  [
    ["verify", ".", "--tolerance", "-1"],
    "error: option '--tolerance <number>' argument '-1' is invalid. Expected a number above 0.\n",
  ],
])("%j is a mistake", async (argv, message) => {
  expect(await runCli(argv)).toEqual({ exitCode: 2, stdout: "", stderr: message });
});

test.each(VERBS.map(({ name }) => name))("cloze %s refuses a flag that it does not know", async (verb) => {
  const { exitCode, stdout, stderr } = await runCli([verb, "a", "b", "--jsn"]);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "error: unknown option '--jsn'; did you mean --json?\n",
  });
});
