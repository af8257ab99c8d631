import type { Activation } from "../../backends/op-table.ts";
import type { OpDefinition, OpInputs, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, sameShape, shapeError } from "../shape.ts";
import { concat, slice } from "./columns.ts";
import { reduceLike } from "./sum.ts";

/** b is of a's shape, a row [D] or a column [R, 1]. */
function broadcastShape(name: "add" | "multiply", inputs: OpInputs<"add">) {
  const a = required(name, "a", inputs.a);
  const b = required(name, "b", inputs.b);
  const row = rowsOf(b) === 1 && columnsOf(b) === columnsOf(a);
  const column = rowsOf(b) === rowsOf(a) && columnsOf(b) === 1;
  if (!sameShape(a, b) && !row && !column) throw shapeError(name, "b must be of a's shape, a row or a column", inputs);
  return a.shape;
}

const addOp: OpDefinition<"add"> = {
  name: "add",
  shape: (inputs) => broadcastShape("add", inputs),
  gradient({ inputs, wants }, gradient) {
    const b = required("add", "b", inputs.b);
    return { a: gradient, b: wants("b") ? reduceLike(gradient, b) : undefined };
  },
};
const multiplyOp: OpDefinition<"multiply"> = {
  name: "multiply",
  shape: (inputs) => broadcastShape("multiply", inputs),
  gradient({ inputs, wants }, gradient) {
    const [a, b] = [required("multiply", "a", inputs.a), required("multiply", "b", inputs.b)];
    return {
      a: wants("a") ? multiply(gradient, b) : undefined,
      b: wants("b") ? reduceLike(multiply(gradient, a), b) : undefined,
    };
  },
};
const affineOp: OpDefinition<"affine"> = {
  name: "affine",
  shape: (inputs) => required("affine", "x", inputs.x).shape,
  gradient: ({ attributes }, gradient) => ({ x: affine(gradient, attributes.factor) }),
};
const activationOp: OpDefinition<"activation"> = {
  name: "activation",
  shape: (inputs) => required("activation", "x", inputs.x).shape,
  gradient({ inputs, attributes }, gradient) {
    return { x: activationGradient(required("activation", "x", inputs.x), gradient, attributes.activation) };
  },
};
const activationGradientOp: OpDefinition<"activationGradient"> = {
  name: "activationGradient",
  shape: (inputs) => required("activationGradient", "x", inputs.x).shape,
};

function activationGradient(x: Value, gradient: Value, name: Activation): Value {
  return x.graph.add(activationGradientOp, { x, gradient }, { activation: name });
}

/** a[R, D] + b; b is [R, D], a row [D] or a column [R, 1]. */
export function add(a: Value, b: Value): Value {
  return a.graph.add(addOp, { a, b }, {});
}

/** a[R, D] * b; b is [R, D], a row [D] or a column [R, 1]. */
export function multiply(a: Value, b: Value): Value {
  return a.graph.add(multiplyOp, { a, b }, {});
}

/** x * factor + term */
export function affine(x: Value, factor: number, term = 0): Value {
  return x.graph.add(affineOp, { x }, { factor, term });
}

/** A pointwise function of x. */
export function activation(x: Value, name: Activation): Value {
  return name === "none" ? x : x.graph.add(activationOp, { x }, { activation: name });
}

const gatedUnitOp: OpDefinition<"gatedUnit"> = {
  name: "gatedUnit",
  shape(inputs) {
    const x = required("gatedUnit", "x", inputs.x);
    if (columnsOf(x) % 2 !== 0) throw shapeError("gatedUnit", "x needs an even number of columns", inputs);
    return [rowsOf(x), columnsOf(x) / 2];
  },
  gradient({ inputs, attributes, output }, gradient) {
    const x = required("gatedUnit", "x", inputs.x);
    const size = columnsOf(output);
    const halves = [slice(x, 0, size), slice(x, size, size)] as const;
    const [gate, other] = attributes.activated === "first" ? halves : [halves[1], halves[0]];
    const ofGate = activationGradient(gate, multiply(gradient, other), attributes.activation);
    const ofOther = multiply(gradient, activation(gate, attributes.activation));
    return { x: attributes.activated === "first" ? concat(ofGate, ofOther) : concat(ofOther, ofGate) };
  },
};

/** One half of x[R, 2D], activated, times the other half -> [R, D]. `activated` says which half. */
export function gatedUnit(x: Value, name: Activation, activated: "first" | "second"): Value {
  return x.graph.add(gatedUnitOp, { x }, { activation: name, activated });
}
