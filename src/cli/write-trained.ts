import type { LoopResult } from "../training/training-loop.ts";
import type { Call } from "./command-definition.ts";
import { stoppedCode } from "./exit-codes.ts";
import type { CommonFlags } from "./flags.ts";
import { isForPeople } from "./results.ts";
import { writeText } from "./terminal.ts";

/** What a training run came to: for people its model and figures, else the result as a line of JSON. */
export async function writeTrained(
  result: LoopResult & { readonly model: string | undefined },
  output: string,
  { flags: { json }, terminal, reporter }: Call,
): Promise<number | undefined> {
  reporter.clear();
  const flags: CommonFlags = json === undefined ? {} : { json };
  const text = isForPeople(flags, terminal) ? toText(result, output) : JSON.stringify(result);
  await writeText(terminal.stdout, `${text}\n`);
  return result.end === "interrupted" ? stoppedCode(terminal.signal) : undefined;
}

function toText({ model, best, steps, skipped, end }: Parameters<typeof writeTrained>[0], output: string): string {
  if (end === "interrupted") return `Stopped after ${steps} steps; --resume goes on with ${output}.`;
  const figures = Object.entries(best?.metrics ?? {}).map(([name, value]) => `  ${name} ${value.toFixed(4)}`);
  const passed = skipped > 0 ? [`  ${skipped} steps skipped, not finite`] : [];
  return [`Written: ${model} (of step ${best?.step ?? steps} of ${steps})`, ...figures, ...passed].join("\n");
}
