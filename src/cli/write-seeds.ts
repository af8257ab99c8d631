import { basename } from "node:path";
import type { FineTuneSeedsResult } from "../training/fine-tune/fine-tune-seeds.ts";
import type { Call } from "./command-definition.ts";
import { table } from "./table.ts";
import { writeRun } from "./write-run.ts";

/** What the runs of several seeds came to: for people a table of their figures. */
export function writeSeeds(result: FineTuneSeedsResult, output: string, call: Call): Promise<number | undefined> {
  return writeRun(result, (tuned) => toText(tuned, output), call);
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
