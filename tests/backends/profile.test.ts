import { expect, test } from "vitest";
import type { Program, StoredTensor } from "../../src/backends/backend.ts";
import { chromeTrace } from "../../src/backends/profile/chrome-trace.ts";
import { Profile } from "../../src/backends/profile/profile.ts";
import { ProfiledBackend } from "../../src/backends/profile/profiled-backend.ts";
import { buildProgram, Graph, linear, ZEROS } from "../../src/engine/index.ts";
import { attention } from "../../src/engine/ops/attention.ts";
import { BackendError } from "../../src/errors.ts";
import { describeBackends } from "../support/each-backend.ts";

const WIDTH = 32;

const weight = (name: string): StoredTensor => {
  const values = Float32Array.from({ length: WIDTH * WIDTH }, (_, at) => Math.cos(at));
  return { name, type: "F32", shape: [WIDTH, WIDTH], read: () => new Uint8Array(values.buffer) };
};

function attentionProgram(dtype: "f32" | "int8"): Program {
  const graph = new Graph();
  const x = graph.input("x", ["tokens", WIDTH], "f32");
  const offsets = graph.input("offsets", ["texts+1"], "i32", { covers: "tokens" });
  const y = linear(x, graph.parameter("w", [WIDTH, WIDTH], ZEROS));
  const mixed = attention(y, y, y, offsets, { heads: 2, keyHeads: 2, scale: 0.25, window: 3 });
  return buildProgram(
    graph,
    { y: linear(mixed, graph.parameter("v", [WIDTH, WIDTH], ZEROS)) },
    { dtypeOf: () => dtype },
  );
}

const INPUTS = {
  x: Float32Array.from({ length: 12 * WIDTH }, (_, at) => Math.sin(at)),
  offsets: Int32Array.of(0, 5, 12),
};
const SIZES = { tokens: 12, texts: 2 };

await describeBackends("a profile", (backend) => {
  test("times every step, and changes no bit", async () => {
    const program = attentionProgram("f32");
    const plain = backend.compile(program, backend.createParameters(weight));
    const profile = new Profile({ trace: true });
    const profiled = new ProfiledBackend(backend, profile);
    const timed = profiled.compile(program, profiled.createParameters(weight));
    const before = performance.timeOrigin + performance.now();
    for (const _ of [1, 2, 3]) {
      expect(await timed.run(INPUTS, SIZES)).toEqual(await plain.run(INPUTS, SIZES));
    }
    const after = performance.timeOrigin + performance.now();
    expect(profile.runs).toHaveLength(3);
    const all = profile.runs.flatMap(({ times }) => [...times]);
    expect(all).toHaveLength(3 * (program.steps.length + 1));
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect(all[0]).toBeGreaterThanOrEqual(before - 1); // two clocks, of two threads in WebAssembly
    expect(all.at(-1)).toBeLessThanOrEqual(after + 1);
    expect(profile.totals().runs).toBe(3);
    timed.close();
    plain.close();
  });

  test("counts multiply-adds, of attention those within the window, and measures the peak of the dtype", async () => {
    const program = attentionProgram("int8");
    const profile = new Profile();
    const profiled = new ProfiledBackend(backend, profile);
    const timed = profiled.compile(program, profiled.createParameters(weight));
    await timed.run(INPUTS, SIZES);
    const found = new Map(profile.operations().map((op) => [op.op, op]));
    expect([...found.keys()].toSorted()).toEqual(["attention, 2 heads of 16", "linear 32 -> 32, int8"]);
    const operationsOf = (op: string) => (found.get(op)!.perSecond! * found.get(op)!.milliseconds) / 1000;
    expect(operationsOf("linear 32 -> 32, int8")).toBeCloseTo(2 * 2 * 12 * 32 * 32, 3);
    // 5 tokens: 25 pairs but one on each side; 7 tokens: 49 but six on each side.
    expect(operationsOf("attention, 2 heads of 16")).toBeCloseTo(4 * 32 * (25 - 2 + 49 - 12), 3);
    expect(profile.peak("int8") === undefined).toBe(backend.measurePeak === undefined);
    expect(found.get("linear 32 -> 32, int8")!.calls).toBe(2);
    timed.close();
  });

  test("refuses times of another length", async () => {
    const executable = backend.compile(attentionProgram("f32"), backend.createParameters(weight));
    const run = executable.run(INPUTS, SIZES, { times: new Float64Array(3) });
    await expect(run).rejects.toThrow(BackendError);
    await expect(run).rejects.toThrow("times has 3 numbers; a program of 3 steps has 4.");
    executable.close();
  });
});

test("a trace is one JSON object: a run on its backend's track, in it the steps with their shapes", () => {
  const program = attentionProgram("f32");
  const profile = new Profile({ trace: true });
  const backend = { name: "native", instructionSet: "avx2", threads: 2 } as const;
  profile.record({ program, backend, inputs: INPUTS, sizes: SIZES, times: Float64Array.of(1000, 1001, 1003, 1006) });
  const { traceEvents } = JSON.parse([...chromeTrace(profile)].join(""));
  expect(traceEvents.slice(1, 4)).toEqual([
    { ph: "M", pid: 1, tid: 1, name: "thread_name", args: { name: "native, avx2, 2 threads" } },
    { name: "run", cat: "run", ph: "X", ts: 0, dur: 6000, pid: 1, tid: 1, args: { run: 0, threads: 2, ...SIZES } },
    {
      ...{ name: "linear 32 -> 32", cat: "linear", ph: "X", ts: 0, dur: 1000, pid: 1, tid: 1 },
      args: { run: 0, step: 0, x: "12 x 32", weight: "32 x 32", y: "12 x 32" },
    },
  ]);
  expect(traceEvents).toHaveLength(6);
  const shares = profile.operations().map(({ op, share }) => [op, share]);
  expect(shares).toEqual([
    ["linear 32 -> 32", 4 / 6],
    ["attention, 2 heads of 16", 2 / 6],
  ]);
});

test("what lies between runs is waiting; a profile that keeps no runs still adds them up", () => {
  const program = attentionProgram("f32");
  const profile = new Profile();
  const run = { program, backend: { name: "native", instructionSet: "avx2", threads: 2 }, inputs: INPUTS } as const;
  profile.record({ ...run, sizes: SIZES, times: Float64Array.of(0, 1, 2, 3) });
  profile.record({ ...run, sizes: SIZES, times: Float64Array.of(10, 11, 12, 13) });
  profile.recordPeak("f32", 2e9);
  expect(profile.runs).toEqual([]);
  expect(profile.totals()).toMatchObject({ runs: 2, milliseconds: 6, idleMilliseconds: 7 });
  expect(profile.operations()[0]).toMatchObject({ calls: 4, milliseconds: 4, ofPeak: (4 * 24_576) / 4e-3 / 2e9 });
});
