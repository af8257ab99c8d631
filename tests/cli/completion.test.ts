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

/** Types into a zsh of its own, on a terminal of its own: a choice is listed, the one command that fits is completed. */
const ZSH_KEYS = `
zmodload zsh/zpty || exit 1
read_until() { local seen= part; for _ in {1..200}; do zpty -rt keys part && seen+=$part || sleep 0.05
  [[ $seen == *$~1* ]] && break; done; print -r -- $seen }
zpty keys zsh -f -i
zpty -w keys "fpath=($PWD \\$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump; bindkey '^I' complete-word; print rea''dy"
read_until '*ready*'
zpty -w -n keys $'cloze embed --backend \t\t'
read_until '*wasm*'
zpty -w -n keys $'\x15cloze tok\t'
read_until '*cloze tok*enize*'
zpty -d keys
`;

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
  test("is offered on the command line", async () => {
    const folder = temporaryFolder({ _cloze: await scriptFor("zsh"), "keys.zsh": ZSH_KEYS });
    const { stdout } = spawnSync("zsh", ["-f", "keys.zsh"], { cwd: folder, encoding: "utf8", timeout: 30_000 });
    expect(stdout).toMatch(/native\b.*reference\b.*wasm\b/s);
    expect(stdout).toMatch(/cloze tok\P{L}*enize/u); // the terminal shows what is added
  });

  test("is a script", async () => {
    expect(spawnSync("zsh", ["-n"], { input: await scriptFor("zsh"), encoding: "utf8" }).stderr).toBe("");
  });
});

describeIf("completion in fish", isMissing("fish"), () => {
  /** What fish offers for the last word of a line. */
  async function offered(line: string): Promise<string[]> {
    const folder = temporaryFolder({ "cloze.fish": await scriptFor("fish"), "rows.csv": "", "models/x": "" });
    const command = `source cloze.fish; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", command], { cwd: folder, encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout
      .split("\n")
      .filter((word) => word !== "")
      .map((word) => word.split("\t")[0]!);
  }

  test("commands, flags, choices, folders", async () => {
    expect(await offered("cloze em")).toEqual(["embed"]);
    expect(await offered("cloze help tok")).toEqual(["tokenize"]);
    expect(await offered("cloze embed --spar")).toEqual(["--sparse"]);
    expect((await offered("cloze embed --backend ")).toSorted()).toEqual(["native", "reference", "wasm"]);
    expect(await offered("cloze embed --model mod")).toEqual(["models/"]);
    expect(await offered("cloze search query r")).toEqual(["rows.csv"]);
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
