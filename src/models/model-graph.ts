import type { Graph, Value } from "../engine/graph.ts";
import { ParameterPath } from "../engine/parameters.ts";
import { ConfigError } from "../errors.ts";
import { BatchInputs, type DropoutRates } from "../nn/batch-inputs.ts";
import type { ConfiguredArchitecture, Encoded, HeadName, HeadOutputs } from "./architecture.ts";

/** What a tail is built from. */
export interface TailContext {
  readonly graph: Graph;
  readonly inputs: BatchInputs;
  readonly encoded: Encoded;
  readonly head: HeadOutputs;
  /** Builds the head once more, on other token vectors than the encoder's -> [T, D] */
  headOn(vectors: Value): HeadOutputs;
}

/** Results that a task adds to a model's program, such as a pooled and normalized embedding. */
export type Tail = (context: TailContext) => HeadOutputs;

/** What a model's graph is built of. */
export interface ModelGraphOptions {
  readonly architecture: ConfiguredArchitecture;
  readonly head: HeadName;
  readonly tail?: Tail | undefined;
  /** Shares of numbers that training drops. Default: none. */
  readonly dropout?: DropoutRates | undefined;
}

/** An encoder with a head and a tail, in a graph. */
export interface ModelGraph {
  readonly inputs: BatchInputs;
  readonly encoded: Encoded;
  readonly head: HeadOutputs;
  /** Everything that can be asked for, by name: `hidden`, `hiddenStates.0`, those of the head, those of the tail. */
  readonly outputs: HeadOutputs;
}

/** @throws ConfigError when the architecture has no such head. */
export function buildModelGraph(graph: Graph, options: ModelGraphOptions): ModelGraph {
  const { architecture, head: headName, tail, dropout } = options;
  const { initializerRange } = architecture.config;
  const p = new ParameterPath(graph, "", typeof initializerRange === "number" ? initializerRange : undefined);
  const inputs = new BatchInputs(graph, dropout);
  const encoded = architecture.encode(p.at(architecture.prefix), inputs);
  const build = architecture.heads[headName];
  if (build === undefined) {
    const known = Object.keys(architecture.heads).join(", ");
    throw new ConfigError(`${architecture.name} has no head "${headName}"; it has ${known}.`);
  }
  const head = build({ p, inputs, encoded });
  const headOn = (hidden: Value) => build({ p, inputs, encoded: { hidden, hiddenStates: [hidden], attentions: [] } });
  const outputs: HeadOutputs = {
    hidden: encoded.hidden,
    ...numbered("hiddenStates", encoded.hiddenStates),
    ...numbered("attentions", encoded.attentions),
    ...head,
    ...tail?.({ graph, inputs, encoded, head, headOn }),
  };
  return { inputs, encoded, head, outputs };
}

function numbered(name: string, values: readonly Value[]): HeadOutputs {
  return Object.fromEntries(values.map((value, i) => [`${name}.${i}`, value]));
}
