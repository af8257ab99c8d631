import type { LoopResult } from "../training/training-loop.ts";
import type { Call } from "./command-definition.ts";
import { writeRun } from "./write-run.ts";

type Trained = LoopResult & { readonly model: string | undefined };

/** What a training run came to: for people its model and figures. */
export function writeTrained(result: Trained, output: string, call: Call): Promise<number | undefined> {
  return writeRun(result, (trained) => toText(trained, output), call);
}

function toText({ model, best, steps, skipped, end }: Trained, output: string): string {
  if (end === "interrupted") return `Stopped after ${steps} steps; --resume goes on with ${output}.`;
  const figures = Object.entries(best?.metrics ?? {}).map(([name, value]) => `  ${name} ${value.toFixed(4)}`);
  const passed = skipped > 0 ? [`  ${skipped} steps skipped, not finite`] : [];
  return [`Written: ${model} (of step ${best?.step ?? steps} of ${steps})`, ...figures, ...passed].join("\n");
}
