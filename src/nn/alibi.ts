import type { Graph, Value } from "../engine/graph.ts";

/**
 * One slope a head: scores fall by slope x distance. A geometric sequence from 2^(-8 / H); when H is no power of two,
 * that of the power below and every other one of the power above. Source: arXiv 2108.12409.
 */
export function alibiSlopes(graph: Graph, heads: number): Value {
  return graph.constant("ALiBi slopes", Float32Array.from(slopes(heads)), [heads]);
}

function slopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const exact = Array.from({ length: power }, (_, i) => 2 ** ((-8 / power) * (i + 1)));
  if (power === heads) return exact;
  return [
    ...exact,
    ...slopes(2 * power)
      .filter((_, i) => i % 2 === 0)
      .slice(0, heads - power),
  ];
}
