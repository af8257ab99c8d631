import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VERBS } from "../../src/cli/verbs.ts";
import { runCli } from "../support/run-cli.ts";
import { describeIf } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function scriptFor(shell: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(["completion", shell]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

function isMissing(shell: string): string | undefined {
  return spawnSync(shell, ["-c", "exit 0"]).status === 0 ? undefined : `not on this machine: no ${shell}`;
}

describeIf("completion in bash", isMissing("bash"), () => {
  /** What bash offers after these words, the last of which is unfinished. */
  async function offered(...words: string[]): Promise<string[]> {
    const folder = temporaryFolder({
      "a text.txt": "",
      "rows.csv": "",
      "models/x": "",
      "script.sh": await scriptFor("bash"),
    });
    const line = `. ./script.sh
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      _cloze
      for word in "\${COMPREPLY[@]}"; do printf '%s\\n' "$word"; done`;
    const { stdout, stderr, status } = spawnSync("bash", ["-c", line, "bash", "cloze", ...words], {
      cwd: join(folder),
      encoding: "utf8",
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.split("\n").filter((word) => word !== "");
  }

  test("commands", async () => {
    expect(await offered("")).toEqual([...VERBS.map(({ name }) => name), "help", "--help", "--version"]);
    expect(await offered("em")).toEqual(["embed"]);
    expect(await offered("s")).toEqual(["similarity", "search", "score"]);
    expect(await offered("help", "tok")).toEqual(["tokenize"]);
  });

  test("flags of the command, and those of every command", async () => {
    expect(await offered("embed", "--s")).toEqual(["--sparse"]);
    expect(await offered("fill", "x", "--")).toEqual(
      expect.arrayContaining(["--targets", "--joint", "--model", "--json", "--backend", "--help"]),
    );
    expect(await offered("score", "--jo")).toEqual([]);
  });

  test("choices of a flag, with a space or =", async () => {
    expect(await offered("embed", "--backend", "")).toEqual(["native", "wasm", "reference"]);
    expect(await offered("embed", "--backend", "=", "n")).toEqual(["native"]);
    expect(await offered("embed", "--backend", "=")).toEqual(["native", "wasm", "reference"]);
    expect(await offered("fill", "--truncation", "w")).toEqual(["window"]);
    expect(await offered("completion", "z")).toEqual(["zsh"]);
  });

  test("files and folders", async () => {
    expect(await offered("embed", "--input", "a")).toEqual(["a text.txt"]);
    expect(await offered("embed", "--model", "")).toEqual(["models"]);
    expect(await offered("tokenize", "mo")).toEqual(["models"]);
    expect(await offered("search", "query", "r")).toEqual(["rows.csv"]);
  });

  test("nothing where any text may stand", async () => {
    expect(await offered("embed", "")).toEqual([]);
    expect(await offered("embed", "--threads", "")).toEqual([]);
    expect(await offered("nothing", "--x")).toEqual([]);
  });
});

describeIf("completion in zsh", isMissing("zsh"), () => {
  test("is a script", async () => {
    expect(spawnSync("zsh", ["-n"], { input: await scriptFor("zsh"), encoding: "utf8" }).stderr).toBe("");
  });
});

describeIf("completion in fish", isMissing("fish"), () => {
  test("is a script", async () => {
    expect(spawnSync("fish", ["--no-execute"], { input: await scriptFor("fish"), encoding: "utf8" }).stderr).toBe("");
  });
});

test("all shells are told every command and flag, with its choices", async () => {
  const [zsh, fish] = [await scriptFor("zsh"), await scriptFor("fish")];
  for (const { name, summary } of VERBS) {
    expect(zsh).toContain(`'${name}:${summary.replaceAll("'", "'\\''")}'`);
    expect(fish).toContain(`-a ${name} -d '${summary.replaceAll("'", "\\'")}'`);
  }
  expect(zsh).toContain("'*--backend[what computes]: :(native wasm reference)'");
  expect(zsh).toContain("'*--model[a model'\\''s folder, or its id on the hub]: :_files -/'");
  expect(zsh).toContain("'*--json[one JSON object a line, as in a pipe]'");
  expect(fish).toContain("-n '__fish_seen_subcommand_from fill' -l backend -x -a 'native wasm reference' -d");
  expect(fish).toContain("-n '__fish_seen_subcommand_from fill' -l input -r -F -d");
});

test("mistakes", async () => {
  const unknown = await runCli(["completion", "tcsh"]);
  expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
  expect(unknown.stderr).toContain("Allowed choices are bash, zsh, fish.");
  expect((await runCli(["completion"])).stderr).toBe("error: missing required argument 'shell'\n");
});
