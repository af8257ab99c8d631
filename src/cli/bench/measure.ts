import type { Progress } from "../../tasks/progress.ts";
import { interleave, median } from "./interleave.ts";
import { MeasuredProcess } from "./measured-process.ts";
import type { Assignment, Configuration, MeasuredReply, ReadyReply } from "./messages.ts";

/** Calls of the short text, each repeat. */
const SHORT_CALLS = 40;

/** What one configuration reached: medians of the repeats. */
export interface Measurement {
  readonly model: string;
  readonly backend: string;
  readonly instructionSet: string;
  readonly dtype: string;
  readonly threads: number;
  /** Null: as Cloze chooses. */
  readonly batchTokens: number | null;
  readonly texts: number;
  readonly tokens: number;
  readonly loadSeconds: number;
  /** From the beginning of the load. */
  readonly firstVectorSeconds: number;
  readonly textsPerSecond: number;
  readonly tokensPerSecond: number;
  /** Of one short text. */
  readonly p50Milliseconds: number;
  readonly p95Milliseconds: number;
  /** Of the process at its most. */
  readonly peakMegabytes: number;
  /** The share of the multipliers' peak that the whole pipeline reached, 0 to 1; null where the peak is not known. */
  readonly ofPeak: number | null;
}

export interface MeasureOptions {
  /** As results call it. */
  readonly name: string;
  readonly model: string;
  readonly maxLength: number | undefined;
  readonly texts: readonly string[];
  readonly repeats: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Measures configurations side by side, each in its own process: one round that is not counted, then repeats in turns, so
 * that slow drifts of the machine fall on all alike.
 */
export async function measure(
  configurations: readonly Configuration[],
  options: MeasureOptions,
): Promise<Measurement[]> {
  const { model, maxLength, repeats, signal } = options;
  const processes: MeasuredProcess[] = [];
  try {
    for (const configuration of configurations) {
      const assignment: Assignment = { ...configuration, model, maxLength };
      processes.push(await MeasuredProcess.start(assignment, signal));
    }
    const rounds = processes.map((): Round[] => []);
    const count = roundCounter(options, configurations.length * (repeats + 1));
    const sides = processes.map((process, i) => async () => {
      rounds[i]!.push(await runRound(process, options));
      count();
      return 0; // the process times itself
    });
    await interleave(repeats, Object.fromEntries(sides.map((side, i) => [String(i), side])));
    return processes.map(({ ready }, i) => summarize(configurations[i]!, ready, rounds[i]!.slice(1), options));
  } finally {
    for (const process of processes) process.stop();
  }
}

interface Round {
  readonly all: MeasuredReply;
  readonly short: MeasuredReply;
}

async function runRound(process: MeasuredProcess, { texts, signal }: MeasureOptions): Promise<Round> {
  const all = await process.ask({ texts }, signal);
  return { all, short: await process.ask({ calls: SHORT_CALLS }, signal) };
}

function roundCounter({ onProgress }: MeasureOptions, total: number): () => void {
  const began = performance.now();
  let done = 0;
  return () => {
    done++;
    onProgress({ phase: "bench", done, total, unit: "rounds", perSecond: (1000 * done) / (performance.now() - began) });
  };
}

function summarize(
  { dtype, batchTokens }: Configuration,
  { backend, loadMilliseconds, firstMilliseconds }: ReadyReply,
  rounds: readonly Round[],
  { name, texts }: MeasureOptions,
): Measurement {
  const seconds = median(rounds.map(({ all }) => all.milliseconds)) / 1000;
  const { tokens } = rounds[0]!.all;
  const calls = rounds.flatMap(({ short }) => short.calls).toSorted((a, b) => a - b);
  const at = (share: number) => calls[Math.min(calls.length - 1, Math.floor(share * calls.length))]!;
  const shares = rounds.map(({ all }) => (all.atPeakMilliseconds ?? Number.NaN) / all.milliseconds);
  return {
    model: name,
    backend: backend.name,
    instructionSet: backend.instructionSet,
    dtype: dtype ?? "f32",
    threads: backend.threads,
    batchTokens: batchTokens ?? null,
    texts: texts.length,
    tokens,
    loadSeconds: loadMilliseconds / 1000,
    firstVectorSeconds: firstMilliseconds / 1000,
    textsPerSecond: texts.length / seconds,
    tokensPerSecond: tokens / seconds,
    p50Milliseconds: at(0.5),
    p95Milliseconds: at(0.95),
    peakMegabytes: Math.max(...rounds.map(({ short }) => short.peakBytes)) / 1e6,
    ofPeak: shares.some(Number.isNaN) ? null : median(shares),
  };
}
