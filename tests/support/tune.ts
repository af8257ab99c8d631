import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FineTuneResult, fineTune } from "../../src/training/fine-tune/fine-tune.ts";
import type { FineTuneOptions } from "../../src/training/fine-tune/fine-tune-options.ts";
import { jsonText } from "./json-text.ts";
import { tinyModel } from "./run-cli.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Large steps: tiny models learn a toy task in a few of them. */
export const QUICK = { epochs: 6, learningRate: 5e-3, batchSize: 8 } as const;

export interface Run {
  readonly folder: string;
  readonly result: FineTuneResult;
  readonly notes: readonly string[];
  readonly log: readonly { readonly [name: string]: number }[];
}

/** Tunes the tiny model to rows that are train and dev set at once. */
export async function tune(rows: readonly object[], options: Partial<FineTuneOptions> = {}): Promise<Run> {
  const folder = temporaryFolder({ "train.jsonl": jsonText(rows), "dev.jsonl": jsonText(rows) });
  const notes: string[] = [];
  const result = await fineTune({
    model: tinyModel(),
    train: join(folder, "train.jsonl"),
    dev: join(folder, "dev.jsonl"),
    output: join(folder, "run"),
    onNote: (note) => notes.push(note),
    ...QUICK,
    ...options,
  });
  return { folder: join(folder, "run"), result, notes, log: logOf(join(folder, "run")) };
}

export function logOf(folder: string): { [name: string]: number }[] {
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}
