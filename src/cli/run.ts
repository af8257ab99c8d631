import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import type { Call, CommandDefinition } from "./command-definition.ts";
import { INTERRUPTED } from "./exit-codes.ts";
import { explainError } from "./explain-error.ts";
import { addCommonFlags, type CommonFlags, type ProfileFlags } from "./flags.ts";
import { Reporter } from "./reporter.ts";
import { isBrokenPipe, type Terminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";
import { VERBS } from "./verbs.ts";

/**
 * Runs one command line, without the program's own name.
 *
 * @returns the exit code: 0 fine, 1 a failure of ours or of a check, 2 the user's mistake, 130 interrupted.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await parseAndRun(argv[0] === "help" ? [...argv.slice(1), "--help"] : argv, terminal);
  } catch (error) {
    if (terminal.signal.aborted) return INTERRUPTED;
    if (isBrokenPipe(error)) return 0; // the reader has what it wanted
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help and --version
    const { sentence, exitCode } = explainError(error);
    terminal.stderr.write(`error: ${sentence}\n`);
    if (terminal.environment.CLOZE_DEBUG) terminal.stderr.write(`${stackOf(error)}\n`);
    return exitCode;
  }
}

async function parseAndRun(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command("cloze")
    .description("The encoder toolkit: tokenize, embed and search with BERT and its relatives.")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("--help", "show how to use a command")
    .helpCommand(false)
    .showSuggestionAfterError()
    .addHelpText("after", "\nEvery command explains itself: cloze embed --help");
  let exitCode = 0;
  for (const verb of VERBS) {
    const command = program.command(verb.name).summary(verb.summary).helpOption("--help", "show this");
    if (verb.name === argv[0]) await declare(command, verb, terminal, (code) => (exitCode = code));
  }
  for (const command of [program, ...program.commands]) settle(command, terminal);
  await program.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
  return exitCode;
}

/** Loads a verb and puts its arguments, flags and examples on the command. */
async function declare(command: Command, verb: Verb, terminal: Terminal, finish: (exitCode: number) => void) {
  const definition = await verb.load();
  definition.declare(command);
  addCommonFlags(command);
  command.addHelpText("after", `\nExamples:\n${definition.examples.map((line) => `  ${line}`).join("\n")}`);
  command.action(async () => {
    const flags = command.opts<CommonFlags & ProfileFlags>();
    const reporter = new Reporter(terminal, { quiet: flags.quiet });
    try {
      const call = { positionals: command.args, flags, terminal, reporter };
      const isProfiled = flags.profile === true || flags.profileTrace !== undefined;
      // Only who asks for it waits for it to load.
      const runCommand = isProfiled ? (await import("./profiled-run.ts")).runProfiled : runPlain;
      finish((await runCommand(definition, call)) ?? 0);
    } finally {
      reporter.clear();
    }
  });
}

function runPlain(definition: CommandDefinition<never>, call: Call): Promise<number | undefined> {
  return definition.run(call as Call<never>);
}

/** Commander writes where we do, throws instead of leaving the process, and leaves errors to `run`. */
function settle(command: Command, { stdout, stderr }: Terminal): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: () => undefined,
    getOutHelpWidth: () => stdout.columns || 80,
    getErrHelpWidth: () => stderr.columns || 80,
  });
}

function packageVersion(): string {
  const json = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
  return json.version;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
