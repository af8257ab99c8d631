import { InputError } from "../errors.ts";
import type { Differentiated, Graph, Node, Value } from "./graph.ts";
import { add } from "./ops/elementwise.ts";
import { sameShape, shapeError } from "./shape.ts";

/** What is minimized: the sum of value x seed. */
export interface Loss {
  /** The loss of each row, or any other value. */
  readonly value: Value;
  /** Of its shape: what each of its numbers counts. */
  readonly seed: Value;
}

/** How gradients are made. */
export interface DifferentiateOptions {
  /**
   * Values of the forward pass in their order, as the results of an encoder's blocks: what lies between two of them is
   * forgotten and computed once more when the gradients get there, by the same steps and so with the same bits. Source:
   * arXiv 1604.06174. Default: none, everything is kept.
   */
  readonly checkpoints?: readonly Value[] | undefined;
  /** Called for each gradient as soon as it is whole, so that it need not be kept until the end. */
  readonly take?: ((parameter: Value, gradient: Value) => void) | undefined;
}

/**
 * The gradients of the losses' sum with respect to some parameters, by reverse mode: from the losses back, each node's
 * gradient is handed to its inputs by the operation's own rule, and added up where a value is read several times. They
 * are further nodes of the same graph, so that forward and backward become one program.
 *
 * @returns by parameter; one that no loss depends on is absent
 * @throws InputError when a seed is of another shape, or an operation on the way has no gradient.
 */
export function differentiate(
  graph: Graph,
  losses: readonly Loss[],
  parameters: readonly Value[],
  { checkpoints = [], take }: DifferentiateOptions = {},
): ReadonlyMap<Value, Value> {
  const nodes = [...graph.nodes]; // the backward nodes come after them
  const dependent = dependents(nodes, parameters);
  const gradients = new Map<number, Value>();
  const collect = ({ id }: Value, gradient: Value) => {
    const known = gradients.get(id);
    gradients.set(id, known === undefined ? gradient : add(known, gradient));
  };
  for (const { value, seed } of losses) {
    if (!sameShape(value, seed)) {
      throw shapeError("differentiate", "the seed needs the loss's shape", { loss: value, seed });
    }
    collect(value, seed);
  }
  const repetition = new Repetition(graph, nodes, checkpoints);
  const whole = firstReaders(nodes, parameters);
  const found = new Map<Value, Value>();
  for (const node of nodes.toReversed()) {
    const gradient = dependent.has(node.output.id) ? gradients.get(node.output.id) : undefined;
    gradients.delete(node.output.id);
    if (gradient !== undefined) {
      for (const [slot, value] of Object.entries(inputGradients(node, repetition.of(node), gradient, dependent))) {
        const input = node.inputs[slot];
        if (input !== undefined && value !== undefined && dependent.has(input.id)) collect(input, value);
      }
    }
    for (const parameter of whole.get(node) ?? []) {
      const own = gradients.get(parameter.id);
      if (own === undefined) continue;
      found.set(parameter, own);
      take?.(parameter, own);
    }
  }
  return found;
}

/** By node the parameters that no earlier one reads: their gradients are whole after it. */
function firstReaders(nodes: readonly Node[], parameters: readonly Value[]): ReadonlyMap<Node, readonly Value[]> {
  const readers = new Map<Node, Value[]>();
  const waiting = new Map(parameters.map((parameter) => [parameter.id, parameter]));
  for (const node of nodes) {
    for (const { id } of Object.values(node.inputs)) {
      const parameter = waiting.get(id);
      if (parameter === undefined) continue;
      readers.set(node, [...(readers.get(node) ?? []), parameter]);
      waiting.delete(id);
    }
  }
  return readers;
}

/** Repeats the nodes between checkpoints, those of a stretch when the first of them is asked for. */
class Repetition {
  readonly #graph: Graph;
  readonly #stretches = new Map<Node, readonly Node[]>();
  readonly #kept: ReadonlySet<number>;
  readonly #repeated = new Map<Node, Node>();

  constructor(graph: Graph, nodes: readonly Node[], checkpoints: readonly Value[]) {
    this.#graph = graph;
    this.#kept = new Set(checkpoints.map(({ id }) => id));
    const bounds = nodes.flatMap(({ output }, at) => (this.#kept.has(output.id) ? [at] : []));
    for (const [i, start] of bounds.slice(0, -1).entries()) {
      const stretch = nodes.slice(start + 1, (bounds[i + 1] as number) + 1);
      for (const node of stretch) this.#stretches.set(node, stretch);
    }
  }

  /** The node as backward steps should read it. */
  of(node: Node): Node {
    const stretch = this.#stretches.get(node);
    if (stretch === undefined) return node;
    if (!this.#repeated.has(node)) this.#repeat(stretch);
    return this.#repeated.get(node) as Node;
  }

  #repeat(stretch: readonly Node[]): void {
    const again = new Map<number, Value>();
    for (const node of stretch) {
      const inputs = Object.fromEntries(
        Object.entries(node.inputs).map(([slot, value]) => [slot, again.get(value.id) ?? value]),
      );
      const isKept = this.#kept.has(node.output.id);
      const repeated = isKept ? { ...node, inputs } : this.#graph.repeat(node, inputs);
      again.set(node.output.id, repeated.output);
      this.#repeated.set(node, repeated);
    }
  }
}

/** The values that depend on a parameter. */
function dependents(nodes: readonly Node[], parameters: readonly Value[]): Set<number> {
  const dependent = new Set(parameters.map(({ id }) => id));
  for (const { inputs, output } of nodes) {
    if (Object.values(inputs).some(({ id }) => dependent.has(id))) dependent.add(output.id);
  }
  return dependent;
}

function inputGradients(node: Node, repeated: Node, gradient: Value, dependent: ReadonlySet<number>) {
  if (node.gradient === undefined) throw new InputError(`"${node.op}" has no gradient; nothing is learned through it.`);
  const wants = (slot: string) => dependent.has(node.inputs[slot]?.id ?? -1);
  return node.gradient({ ...repeated, wants } as unknown as Differentiated<never>, gradient) as {
    [slot: string]: Value | undefined;
  };
}
