import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFolder, writeTextFile } from "#platform";
import { saveRepository } from "../../checkpoints/save-repository.ts";
import { InputError } from "../../errors.ts";
import { mean } from "../../evaluation/correlation.ts";
import type { Metrics } from "../../evaluation/reports.ts";
import { explainingFaults } from "../runs/run-fault.ts";
import { type FineTuneResult, fineTune } from "./fine-tune.ts";
import type { FineTuneOptions } from "./fine-tune-options.ts";

/** How a model is tuned several times. */
export interface FineTuneSeedsOptions extends Omit<FineTuneOptions, "seed"> {
  /** A run for each; at least one, all different. */
  readonly seeds: readonly number[];
}

/** One of the runs. */
export interface SeedRun extends FineTuneResult {
  readonly seed: number;
  /** The run's folder. */
  readonly folder: string;
}

/** What became of all runs. */
export interface FineTuneSeedsResult {
  /** A copy of the best run's; undefined when the runs were interrupted. */
  readonly model: string | undefined;
  /** Those that were begun, in the order of the seeds. */
  readonly runs: readonly SeedRun[];
  /** The seed whose model is the best by the dev metric; the first without a dev set. Undefined when interrupted. */
  readonly bestSeed: number | undefined;
  /** Of the dev metrics of all runs. */
  readonly mean: Metrics;
  /** Of one run, estimated from all (n - 1); 0 of a single one. */
  readonly standardDeviation: Metrics;
  readonly end: "done" | "interrupted";
}

/**
 * Tunes a model once for each seed, to know how much of a score is luck: fresh weights, the order of rows and dropout
 * differ. Writes a run folder `seed-N/` each, `seeds.json` with every run's dev metrics, their means and deviations, and
 * `model/`, the best of them. An interrupted call goes on with `resume`, past runs that are done.
 *
 * @throws InputError when seeds are none, no whole numbers, or twice the same; besides, what `fineTune` throws.
 */
export async function fineTuneSeeds(options: FineTuneSeedsOptions): Promise<FineTuneSeedsResult> {
  checkSeeds(options.seeds);
  return explainingFaults(options.output, () => tuneEach(options));
}

function checkSeeds(seeds: readonly number[]): void {
  const isSeed = (seed: number) => Number.isInteger(seed) && seed >= 0;
  if (seeds.length > 0 && seeds.every(isSeed) && new Set(seeds).size === seeds.length) return;
  throw new InputError(`seeds are [${seeds.join(", ")}]; expected whole numbers from 0, at least one, all different.`);
}

async function tuneEach({ seeds, ...options }: FineTuneSeedsOptions): Promise<FineTuneSeedsResult> {
  const runs: SeedRun[] = [];
  for (const seed of seeds) {
    options.onNote?.(`seed ${seed}, run ${runs.length + 1} of ${seeds.length}`);
    const folder = join(options.output, `seed-${seed}`);
    const result = await fineTune({ ...options, seed, output: folder });
    runs.push({ seed, folder, ...result });
    if (result.end === "interrupted") {
      return { ...summaryOf(runs), model: undefined, bestSeed: undefined, end: "interrupted" };
    }
  }
  const best = bestOf(runs);
  const summary = { bestSeed: best.seed, ...summaryOf(runs) };
  const model = join(options.output, "model");
  copyModel(best.model!, model);
  writeTextFile(join(options.output, "seeds.json"), `${JSON.stringify(told(summary), null, 2)}\n`);
  return { model, ...summary, end: "done" };
}

function bestOf(runs: readonly SeedRun[]): SeedRun {
  const scoreOf = ({ best, metric }: SeedRun) => best?.metrics[metric] ?? Number.NEGATIVE_INFINITY;
  return runs.reduce((best, run) => (scoreOf(run) > scoreOf(best) ? run : best));
}

function summaryOf(runs: readonly SeedRun[]) {
  const all = runs.flatMap(({ best }) => (best === undefined ? [] : [best.metrics]));
  const names = Object.keys(all[0] ?? {}).filter((name) => all.every((metrics) => metrics[name] !== undefined));
  const over = (measure: (values: readonly number[]) => number): Metrics =>
    Object.fromEntries(names.map((name) => [name, measure(all.map((metrics) => metrics[name]!))]));
  return { runs, mean: over(mean), standardDeviation: over(standardDeviation) };
}

function standardDeviation(values: readonly number[]): number {
  if (values.length === 1) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** What `seeds.json` says; folders are beside it. */
function told({ runs, ...summary }: ReturnType<typeof summaryOf> & { readonly bestSeed: number }) {
  const perSeed = runs.map(({ seed, best, metric }) => ({ seed, folder: `seed-${seed}`, metric, ...best }));
  return { ...summary, runs: perSeed };
}

function copyModel(from: string, to: string): void {
  const others = listFolder(from).filter((name) => name !== "config.json");
  saveRepository(to, {
    configText: readFileSync(join(from, "config.json"), "utf8"),
    weightFiles: [],
    copies: others.map((name) => ({ from: join(from, name), name })),
  });
}
