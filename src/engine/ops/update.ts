/** Steps that change parameters where they lie. Each gives a number that orders the next one after it. */
import type { OpDefinition, Value } from "../graph.ts";
import { required, sameShape, shapeError } from "../shape.ts";

const accumulateOp: OpDefinition<"accumulate"> = {
  name: "accumulate",
  shape(inputs) {
    const state = required("accumulate", "state", inputs.state);
    if (!sameShape(state, required("accumulate", "x", inputs.x))) {
      throw shapeError("accumulate", "x needs the shape of the state", inputs);
    }
    return [1];
  },
};

/** Adds x to a parameter. */
export function accumulate(state: Value, x: Value, after?: Value): Value {
  return state.graph.add(accumulateOp, { state, x, after }, {});
}

const adamWOp: OpDefinition<"adamW"> = {
  name: "adamW",
  shape(inputs) {
    const parameter = required("adamW", "parameter", inputs.parameter);
    for (const other of [inputs.gradient, inputs.first, inputs.second]) {
      if (!sameShape(parameter, required("adamW", "state", other))) {
        throw shapeError("adamW", "gradient and moments need the parameter's shape", inputs);
      }
    }
    return [1];
  },
};

/** What AdamW changes at one parameter. */
export interface AdamWOperands {
  readonly parameter: Value;
  /** Accumulated; set to 0 afterwards. */
  readonly gradient: Value;
  readonly first: Value;
  readonly second: Value;
  /** [9], as the op table says. */
  readonly settings: Value;
}

/** One step of AdamW. `rateFactor` and `decayFactor` multiply the settings' learning rate and weight decay. */
export function adamW(
  operands: AdamWOperands,
  factors: { readonly rateFactor: number; readonly decayFactor: number },
  after?: Value,
): Value {
  return operands.parameter.graph.add(adamWOp, { ...operands, after }, factors);
}
