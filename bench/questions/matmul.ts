import { BRIEF_ROUNDS } from "../../src/backends/brief-rounds.ts";
import { NativeBackend } from "../../src/backends/native/index.ts";
import { add, buildProgram, Graph, linear, type StoredTensor, slice, ZEROS } from "../../src/engine/index.ts";
import type { Figure } from "../figure.ts";
import { median } from "../interleave.ts";
import type { BenchSettings } from "../sides.ts";

const [ROWS, INPUTS, OUTPUTS] = [512, 768, 3072];
/** Multiplications in one run, so that handing over inputs and outputs does not show. */
const TIMES = 16;

/**
 * What share of the machine's f32 peak does a matmul of 512 x 768 x 3072 reach? The peak is multiply-adds in registers
 * on all threads, at the clock that the processor holds under such work: measured right after each repeat, and briefly,
 * as the clock rises within a millisecond (2.8 to 3.3 GHz on a Xeon with AVX-512). The peak of an idle machine, which no
 * product reaches, stands beside it.
 */
export async function matmul({ repeats, threads }: BenchSettings): Promise<Figure[]> {
  const backend = new NativeBackend({ threads });
  const parameters = backend.createParameters(weight);
  const executable = backend.compile(matmulProgram(), parameters);
  const x = Float32Array.from({ length: ROWS * INPUTS }, (_, at) => Math.sin(at));
  await executable.run({ x }, { tokens: ROWS });
  const shares: number[] = [];
  const rates: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = performance.now();
    await executable.run({ x }, { tokens: ROWS });
    const seconds = (performance.now() - start) / 1000;
    const rate = (TIMES * 2 * ROWS * INPUTS * OUTPUTS) / seconds;
    const peak = await backend.measurePeak(BRIEF_ROUNDS.f32);
    rates.push(rate);
    shares.push(rate / peak);
  }
  const alone = (await backend.measurePeak()) / 1e9;
  await backend.close();
  const gigaflops = median(rates) / 1e9;
  const peak = gigaflops / median(shares);
  const detail = `${gigaflops.toFixed(0)} of ${peak.toFixed(0)} GFLOP/s (${alone.toFixed(0)} alone), ${backend.info.instructionSet}`;
  return [
    {
      name: "f32 matmul, share of peak",
      value: 100 * median(shares),
      unit: "%",
      floor: 85,
      worst: 100 * Math.min(...shares),
      detail,
    },
  ];
}

/** The same product over and over; a column of each is added up, so that every one of them is needed. */
function matmulProgram() {
  const graph = new Graph();
  const x = graph.input("x", ["tokens", INPUTS], "f32");
  const w = graph.parameter("w", [OUTPUTS, INPUTS], ZEROS);
  let sum = slice(linear(x, w), 0, 1); // [T, 1]
  for (let time = 1; time < TIMES; time++) sum = add(sum, slice(linear(x, w), 0, 1));
  return buildProgram(graph, { sum }, { fuse: false });
}

function weight(name: string): StoredTensor {
  const values = Float32Array.from({ length: OUTPUTS * INPUTS }, (_, at) => Math.cos(at));
  return { name, type: "F32", shape: [OUTPUTS, INPUTS], read: () => new Uint8Array(values.buffer) };
}
