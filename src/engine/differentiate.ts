import { InputError } from "../errors.ts";
import type { Differentiated, Graph, Node, Value } from "./graph.ts";
import { add } from "./ops/elementwise.ts";
import { sameShape, shapeError } from "./shape.ts";

/**
 * The gradients of `sum(loss * seed)` with respect to some parameters, by reverse mode: from the loss back, each node's
 * gradient is handed to its inputs by the operation's own rule, and added up where a value is read several times. They
 * are further nodes of the same graph, so that forward and backward become one program.
 *
 * @param loss the loss of each row, or any other value
 * @param seed of the loss's shape: what each of its numbers counts
 * @returns by parameter; one that the loss does not depend on is absent
 * @throws InputError when the seed is of another shape, or an operation on the way has no gradient.
 */
export function differentiate(
  graph: Graph,
  loss: Value,
  parameters: readonly Value[],
  seed: Value,
): ReadonlyMap<Value, Value> {
  if (!sameShape(loss, seed)) throw shapeError("differentiate", "the seed needs the loss's shape", { loss, seed });
  const nodes = [...graph.nodes]; // the backward nodes come after them
  const dependent = dependents(nodes, parameters);
  const gradients = new Map<number, Value>([[loss.id, seed]]);
  for (const node of nodes.toReversed()) {
    const gradient = gradients.get(node.output.id);
    if (gradient === undefined || !dependent.has(node.output.id)) continue;
    gradients.delete(node.output.id);
    for (const [slot, value] of Object.entries(inputGradients(node, gradient, dependent))) {
      const input = node.inputs[slot];
      if (input === undefined || value === undefined || !dependent.has(input.id)) continue;
      const known = gradients.get(input.id);
      gradients.set(input.id, known === undefined ? value : add(known, value));
    }
  }
  return new Map(
    parameters.flatMap((parameter) => {
      const gradient = gradients.get(parameter.id);
      return gradient === undefined ? [] : [[parameter, gradient] as const];
    }),
  );
}

/** The values that depend on a parameter. */
function dependents(nodes: readonly Node[], parameters: readonly Value[]): Set<number> {
  const dependent = new Set(parameters.map(({ id }) => id));
  for (const { inputs, output } of nodes) {
    if (Object.values(inputs).some(({ id }) => dependent.has(id))) dependent.add(output.id);
  }
  return dependent;
}

function inputGradients(node: Node, gradient: Value, dependent: ReadonlySet<number>) {
  if (node.gradient === undefined) throw new InputError(`"${node.op}" has no gradient; nothing is learned through it.`);
  const wants = (slot: string) => dependent.has(node.inputs[slot]?.id ?? -1);
  return node.gradient({ ...node, wants } as unknown as Differentiated<never>, gradient) as {
    [slot: string]: Value | undefined;
  };
}
