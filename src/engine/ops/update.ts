/** Steps that change parameters where they lie. Each gives a number that orders the next one after it. */
import type { Dimension } from "../../backends/backend.ts";
import type { OpDefinition, OpInputs, Value } from "../graph.ts";
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

const averageOp: OpDefinition<"average"> = {
  name: "average",
  shape(inputs) {
    const state = required("average", "state", inputs.state);
    if (!sameShape(state, required("average", "x", inputs.x))) {
      throw shapeError("average", "x needs the shape of the state", inputs);
    }
    return [1];
  },
};

/** Moves a parameter towards x by a share[1] of the way. */
export function average(state: Value, x: Value, share: Value, after?: Value): Value {
  return state.graph.add(averageOp, { state, x, share, after }, {});
}

/** An optimizer whose states all have the parameter's shape. */
function momentOp<N extends "adamW" | "stableAdamW" | "lion">(name: N): OpDefinition<N> {
  return {
    name,
    shape({ after: _, settings: __, ...states }: OpInputs<"adamW">) {
      const parameter = required(name, "parameter", states.parameter);
      for (const [slot, state] of Object.entries(states)) {
        if (!sameShape(parameter, required(name, slot, state))) {
          throw shapeError(name, "gradient and moments need the parameter's shape", states);
        }
      }
      return [1];
    },
  };
}

const adamWOp = momentOp("adamW");
const stableAdamWOp = momentOp("stableAdamW");
const lionOp = momentOp("lion");

/** What every optimizer reads and changes at one parameter. */
interface UpdateOperands {
  readonly parameter: Value;
  /** Accumulated; set to 0 afterwards. */
  readonly gradient: Value;
  /** [9], as the op table says. */
  readonly settings: Value;
}

/** What Lion changes at one parameter. */
export interface LionOperands extends UpdateOperands {
  readonly first: Value;
}

/** What AdamW changes at one parameter. */
export interface AdamWOperands extends LionOperands {
  readonly second: Value;
}

/** What Adafactor changes at one parameter. */
export interface AdafactorOperands extends UpdateOperands {
  /** [N] of a matrix [N, K]; of a vector as long as it. */
  readonly rows: Value;
  /** [K] of a matrix [N, K]; of a vector absent. */
  readonly columns?: Value | undefined;
}

/** These multiply the settings' learning rate and weight decay. */
export interface UpdateFactors {
  readonly rateFactor: number;
  readonly decayFactor: number;
}

/** One step of AdamW. */
export function adamW(operands: AdamWOperands, factors: UpdateFactors, after?: Value): Value {
  return operands.parameter.graph.add(adamWOp, { ...operands, after }, factors);
}

/** One step of StableAdamW, which takes smaller steps where a gradient is larger than its moments expect. */
export function stableAdamW(operands: AdamWOperands, factors: UpdateFactors, after?: Value): Value {
  return operands.parameter.graph.add(stableAdamWOp, { ...operands, after }, factors);
}

/** One step of Lion. */
export function lion(operands: LionOperands, factors: UpdateFactors, after?: Value): Value {
  return operands.parameter.graph.add(lionOp, { ...operands, after }, factors);
}

const adafactorOp: OpDefinition<"adafactor"> = {
  name: "adafactor",
  shape(inputs) {
    const { shape } = required("adafactor", "parameter", inputs.parameter);
    const isMatrix = shape.length === 2;
    const fits =
      sameShape({ shape }, required("adafactor", "gradient", inputs.gradient)) &&
      sameShape({ shape: [shape[0] as Dimension] }, required("adafactor", "rows", inputs.rows)) &&
      (inputs.columns === undefined
        ? !isMatrix
        : isMatrix && sameShape({ shape: [shape[1] as Dimension] }, inputs.columns));
    if (!fits) throw shapeError("adafactor", "rows [N] and, of a matrix [N, K], columns [K] are needed", inputs);
    return [1];
  },
};

/** One step of Adafactor. */
export function adafactor(operands: AdafactorOperands, factors: UpdateFactors, after?: Value): Value {
  return operands.parameter.graph.add(adafactorOp, { ...operands, after }, factors);
}
