import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../src/cli/run.ts";
import type { Terminal, TerminalOutput } from "../../src/cli/terminal.ts";
import { repositoryRoot } from "./shared.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface CliOptions {
  /** What stands on standard input, in chunks. */
  readonly stdin?: readonly (string | Uint8Array)[];
  /** Whether stdout and stderr are a terminal. Default false: pipes. */
  readonly isTerminal?: boolean;
  readonly environment?: { readonly [name: string]: string };
  readonly signal?: AbortSignal;
  /** Called before each write to stdout; throwing makes the write fail. */
  readonly onWrite?: (text: string) => void;
}

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with streams of its own. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { stdin = [], isTerminal = false, environment = {}, onWrite } = options;
  const written = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr"): TerminalOutput => ({
    isTTY: isTerminal,
    columns: 80,
    write(text, done) {
      let failure: Error | null = null;
      try {
        if (name === "stdout") onWrite?.(text);
        written[name] += text;
      } catch (error) {
        failure = error as Error;
      }
      queueMicrotask(() => done?.(failure));
      return true;
    },
  });
  const terminal: Terminal = {
    stdin: (async function* () {
      for (const chunk of stdin) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
    })(),
    stdout: output("stdout"),
    stderr: output("stderr"),
    environment,
    signal: options.signal ?? new AbortController().signal,
  };
  return { exitCode: await run(argv, terminal), ...written };
}

/** The objects of JSON Lines. */
export function jsonLines<Row = { readonly [key: string]: unknown }>(text: string): Row[] {
  return text
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}

/** Words that the tiny model's tokenizer knows, after its special tokens. */
const WORDS =
  "the a bee bees make honey rain falls on plain and we all like it is how do what they our with , . ? ! i you to of in";

/** A BERT of 24 hidden units that reads 40 tokens, with its tokenizer: a model's folder for one test. */
export function tinyModel(): string {
  const folder = temporaryFolder();
  const fixture = join(repositoryRoot, "tests/golden/fixtures/bert");
  cpSync(fixture, folder, { recursive: true });
  const tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS.split(" ")];
  const letters = [..."bcdefghjklmnopqrstuvwxyz"].map((letter) => `##${letter}`);
  writeFileSync(join(folder, "vocab.txt"), [...tokens, ...letters].join("\n"));
  return folder;
}
