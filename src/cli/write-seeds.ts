import { basename } from "node:path";
import type { FineTuneSeedsResult } from "../training/fine-tune/fine-tune-seeds.ts";
import type { Call } from "./command-definition.ts";
import { stoppedCode } from "./exit-codes.ts";
import type { CommonFlags } from "./flags.ts";
import { isForPeople } from "./results.ts";
import { table } from "./table.ts";
import { writeText } from "./terminal.ts";

/** What the runs of several seeds came to: for people a table of their figures, else the result as a line of JSON. */
export async function writeSeeds(
  result: FineTuneSeedsResult,
  output: string,
  { flags: { json }, terminal, reporter }: Call,
): Promise<number | undefined> {
  reporter.clear();
  const flags: CommonFlags = json === undefined ? {} : { json };
  const text = isForPeople(flags, terminal) ? toText(result, output) : JSON.stringify(result);
  await writeText(terminal.stdout, `${text}\n`);
  return result.end === "interrupted" ? stoppedCode(terminal.signal) : undefined;
}

function toText({ model, runs, bestSeed, mean, standardDeviation, end }: FineTuneSeedsResult, output: string): string {
  if (end === "interrupted") {
    return `Stopped in run ${runs.length}, ${basename(runs.at(-1)!.folder)}; --resume goes on with ${output}.`;
  }
  const figure = (value: number | undefined) => value?.toFixed(4) ?? "";
  const header = ["", ...runs.map(({ folder }) => basename(folder)), "mean", "deviation"];
  const rows = Object.keys(mean).map((name) => [
    name,
    ...runs.map(({ best }) => figure(best?.metrics[name])),
    figure(mean[name]),
    figure(standardDeviation[name]),
  ]);
  return [`Written: ${model} (of seed ${bestSeed})`, table([header, ...rows])].join("\n");
}
