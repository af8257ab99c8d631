import type { Profile, TracedRun } from "./profile.ts";
import { stepLabel, stepShapes } from "./step-label.ts";

const PROCESS = 1;

/**
 * The runs of a profile as lines of a Chrome trace file, which opens in chrome://tracing and https://ui.perfetto.dev: an
 * event a run, in it one a step with the shapes of its operands, on a track for each backend.
 *
 * Source: "Trace Event Format" of the Chromium project, JSON object format; "X" is an event with a duration, times are
 * in microseconds.
 */
export function* chromeTrace({ runs }: Profile): Generator<string> {
  const tracks: string[] = [];
  const origin = runs.reduce((first, { times }) => Math.min(first, times[0] as number), Number.POSITIVE_INFINITY);
  yield '{"displayTimeUnit":"ms","traceEvents":[\n';
  yield JSON.stringify({ ph: "M", pid: PROCESS, name: "process_name", args: { name: "cloze" } });
  for (const [index, run] of runs.entries()) {
    const track = trackName(run);
    if (!tracks.includes(track)) {
      tracks.push(track);
      const metadata = { ph: "M", pid: PROCESS, tid: tracks.length, name: "thread_name", args: { name: track } };
      yield `,\n${JSON.stringify(metadata)}`;
    }
    for (const event of runEvents(run, index)) {
      const placed = { ...event, ph: "X", ts: microseconds(event.ts - origin), dur: microseconds(event.dur) };
      yield `,\n${JSON.stringify({ ...placed, pid: PROCESS, tid: tracks.indexOf(track) + 1 })}`;
    }
  }
  yield "\n]}\n";
}

function* runEvents(run: TracedRun, index: number) {
  const { program, sizes, times, backend } = run;
  const [start, end] = [times[0] as number, times.at(-1) as number];
  yield {
    name: "run",
    cat: "run",
    ts: start,
    dur: end - start,
    args: { run: index, threads: backend.threads, ...sizes },
  };
  for (const [i, step] of program.steps.entries()) {
    const [from, to] = [times[i] as number, times[i + 1] as number];
    const args = { run: index, step: i, ...stepShapes(program, step, sizes) };
    yield { name: stepLabel(program, step), cat: step.op, ts: from, dur: to - from, args };
  }
}

function trackName({ backend: { name, instructionSet, threads } }: TracedRun): string {
  return `${name}, ${instructionSet}, ${threads} thread${threads === 1 ? "" : "s"}`;
}

/** To the nanosecond. */
function microseconds(milliseconds: number): number {
  return Math.round(1e6 * milliseconds) / 1000;
}
