import type { Command } from "commander";
import type { CommonFlags, OutputForm } from "./flags.ts";
import type { Reporter } from "./reporter.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is called with. */
export interface Call<Flags extends OutputForm = CommonFlags> {
  readonly positionals: readonly string[];
  readonly flags: Flags;
  readonly terminal: Terminal;
  readonly reporter: Reporter;
}

/** One verb of the command line. */
export interface CommandDefinition<Flags extends OutputForm = CommonFlags> {
  /** Arguments, flags beyond those of every command, and what a line of the result holds. */
  declare(command: Command): void;
  /** Whole command lines that work, for `--help`. */
  readonly examples: readonly string[];
  /**
   * Does the work.
   *
   * @returns 1 when a check failed; nothing when all is well.
   */
  run(call: Call<Flags>): Promise<number | undefined>;
}
