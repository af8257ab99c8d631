import type { Activation } from "../backends/op-table.ts";
import type { Value } from "../engine/graph.ts";
import { activation, multiply } from "../engine/ops/elementwise.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import { linear } from "./linear.ts";

export interface GatedFeedForwardOptions {
  readonly names: { readonly gate: string; readonly up: string; readonly down: string };
  /** Of the gate. */
  readonly activation: Activation;
  readonly bias: boolean;
  /** Default: as `bias`. */
  readonly outputBias?: boolean;
  readonly outputSize: number;
}

/** down(activation(gate(x)) * up(x)) with a weight each -> [T, D]. Source: arXiv 2002.05202. */
export function gatedFeedForward(
  p: ParameterPath,
  x: Value, // [T, D]
  size: number,
  options: GatedFeedForwardOptions,
): Value {
  const { names, bias, outputBias = bias } = options;
  const gate = activation(linear(p.at(names.gate), x, size, { bias }), options.activation);
  const inner = multiply(gate, linear(p.at(names.up), x, size, { bias }));
  return linear(p.at(names.down), inner, options.outputSize, { bias: outputBias });
}
