import type { Call } from "./command-definition.ts";
import { stoppedCode } from "./exit-codes.ts";
import type { CommonFlags } from "./flags.ts";
import { isForPeople } from "./results.ts";
import { writeText } from "./terminal.ts";

/** What training came to: for people as `toText` tells it, else as a line of JSON. Returns the exit code of a stop. */
export async function writeRun<R extends { readonly end: string }>(
  result: R,
  toText: (result: R) => string,
  { flags: { json }, terminal, reporter }: Call,
): Promise<number | undefined> {
  reporter.clear();
  const flags: CommonFlags = json === undefined ? {} : { json };
  const text = isForPeople(flags, terminal) ? toText(result) : JSON.stringify(result);
  await writeText(terminal.stdout, `${text}\n`);
  return result.end === "interrupted" ? stoppedCode(terminal.signal) : undefined;
}
