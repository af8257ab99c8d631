import type { ElementType, Shape } from "../backends/backend.ts";
import type { OpName } from "../backends/op-table.ts";
import { InputError } from "../errors.ts";
import type { Graph, Source, Value } from "./graph.ts";

/** A step that fusion may still rewrite. */
export interface DraftStep {
  op: OpName;
  inputs: { [slot: string]: number };
  attributes: { [name: string]: number | string };
  output: number;
}

export interface DraftValue {
  readonly shape: Shape;
  readonly type: ElementType;
  readonly source?: Source;
  /** Parameters stacked by rows, when a pass joined several. */
  readonly parts?: readonly string[];
}

/**
 * The part of a graph that some outputs need, open to rewriting. Fusion passes work on it; `buildProgram` freezes it.
 */
export class Draft {
  steps: DraftStep[];
  readonly values: DraftValue[];
  readonly outputs: ReadonlyMap<string, number>;

  constructor(graph: Graph, outputs: { readonly [name: string]: Value }) {
    this.values = [];
    for (const node of graph.nodes) this.values[node.output.id] = { shape: node.output.shape, type: node.output.type };
    for (const [id, source] of graph.sources) {
      const { shape, type } = graph.valueOf(id);
      this.values[id] = { shape, type, source };
    }
    this.outputs = new Map(Object.entries(outputs).map(([name, value]) => [name, value.id]));
    const needed = new Set(this.outputs.values());
    const steps: DraftStep[] = [];
    for (const node of graph.nodes.toReversed()) {
      if (!needed.has(node.output.id)) continue;
      const inputs = Object.fromEntries(Object.entries(node.inputs).map(([slot, value]) => [slot, value.id]));
      for (const id of Object.values(inputs)) needed.add(id);
      steps.push({ op: node.op, inputs, attributes: { ...node.attributes }, output: node.output.id });
    }
    this.steps = steps.reverse();
  }

  value(id: number): DraftValue {
    const value = this.values[id];
    if (value === undefined) throw new InputError(`The graph has no value ${id}.`);
    return value;
  }

  /** How many steps and outputs read each value. */
  uses(): Map<number, number> {
    const uses = new Map<number, number>();
    const count = (id: number) => uses.set(id, (uses.get(id) ?? 0) + 1);
    for (const step of this.steps) Object.values(step.inputs).forEach(count);
    this.outputs.forEach(count);
    return uses;
  }

  /** The step that computes each value. */
  producers(): Map<number, DraftStep> {
    return new Map(this.steps.map((step) => [step.output, step]));
  }

  addValue(value: DraftValue): number {
    return this.values.push(value) - 1;
  }
}
