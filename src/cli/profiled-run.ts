import { createWriteStream, statSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBackend } from "../backends/choose.ts";
import { chromeTrace } from "../backends/profile/chrome-trace.ts";
import { Profile } from "../backends/profile/profile.ts";
import { ProfiledBackend } from "../backends/profile/profiled-backend.ts";
import { InputError } from "../errors.ts";
import type { Call, CommandDefinition } from "./command-definition.ts";
import type { CommonFlags, ProfileFlags } from "./flags.ts";
import { profileTable } from "./profile-table.ts";
import { writeText } from "./terminal.ts";

/**
 * Runs a command on a backend whose runs are timed, whatever the command does with it, and tells what they took: a table
 * on stderr, so that results stay alone on stdout, and where it is asked for a trace file.
 */
export async function runProfiled(
  definition: CommandDefinition<never>,
  call: Call<CommonFlags & ProfileFlags>,
): Promise<number | undefined> {
  const { profile: showsTable, profileTrace: file, ...flags } = call.flags;
  if (file !== undefined) checkFile(file);
  const profile = new Profile({ trace: file !== undefined });
  const backend = typeof flags.backend === "object" ? flags.backend : await createBackend(flags.backend, flags);
  const profiled = { ...flags, backend: new ProfiledBackend(backend, profile) };
  try {
    return await definition.run({ ...call, flags: profiled as never });
  } finally {
    await backend.close();
    call.reporter.clear();
    if (showsTable) await writeText(call.terminal.stderr, `${profileTable(profile)}\n`);
    if (file !== undefined) await pipeline(Readable.from(chromeTrace(profile)), createWriteStream(file));
  }
}

/** A file that cannot be written is told before the work, not after it. */
function checkFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`--profile-trace "${file}" is a folder; expected a file's name.`);
  }
  if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`--profile-trace "${file}" cannot be written: its folder is not there.`);
  }
}
