import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, shapeError } from "../shape.ts";
import { multiply } from "./elementwise.ts";
import { sumRows } from "./sum.ts";

const layerNormOp: OpDefinition<"layerNorm"> = {
  name: "layerNorm",
  shape(inputs) {
    const x = required("layerNorm", "x", inputs.x);
    for (const row of [inputs.weight, inputs.bias]) {
      if (row !== undefined && columnsOf(row) !== columnsOf(x)) {
        throw shapeError("layerNorm", "weight and bias need one number per column of x", inputs);
      }
    }
    return x.shape;
  },
  gradient({ inputs, attributes: { epsilon }, wants }, gradient) {
    const x = required("layerNorm", "x", inputs.x);
    const { weight } = inputs;
    const ofWeight = () => sumRows(multiply(gradient, layerNorm(x, undefined, undefined, epsilon)));
    return {
      x: wants("x") ? x.graph.add(layerNormGradientOp, { x, weight, gradient }, { epsilon }) : undefined,
      weight: wants("weight") ? ofWeight() : undefined,
      bias: wants("bias") ? sumRows(gradient) : undefined,
    };
  },
};

const layerNormGradientOp: OpDefinition<"layerNormGradient"> = {
  name: "layerNormGradient",
  shape: (inputs) => required("layerNormGradient", "x", inputs.x).shape,
};

/** (x - mean) / sqrt(variance + epsilon) * weight + bias, by row of x[R, D]; weight and bias are [D] or absent. */
export function layerNorm(x: Value, weight: Value | undefined, bias: Value | undefined, epsilon: number): Value {
  return x.graph.add(layerNormOp, { x, weight, bias }, { epsilon });
}

const rmsNormOp: OpDefinition<"rmsNorm"> = {
  name: "rmsNorm",
  shape(inputs) {
    const x = required("rmsNorm", "x", inputs.x);
    if (inputs.weight !== undefined && columnsOf(inputs.weight) !== columnsOf(x)) {
      throw shapeError("rmsNorm", "weight needs one number per column of x", inputs);
    }
    return x.shape;
  },
  gradient({ inputs, attributes: { epsilon }, wants }, gradient) {
    const x = required("rmsNorm", "x", inputs.x);
    const { weight } = inputs;
    return {
      x: wants("x") ? x.graph.add(rmsNormGradientOp, { x, weight, gradient }, { epsilon }) : undefined,
      weight: wants("weight") ? sumRows(multiply(gradient, rmsNorm(x, undefined, epsilon))) : undefined,
    };
  },
};

const rmsNormGradientOp: OpDefinition<"rmsNormGradient"> = {
  name: "rmsNormGradient",
  shape: (inputs) => required("rmsNormGradient", "x", inputs.x).shape,
};

/** x / sqrt(mean(x^2) + epsilon) * weight, by row of x[R, D]. */
export function rmsNorm(x: Value, weight: Value | undefined, epsilon: number): Value {
  return x.graph.add(rmsNormOp, { x, weight }, { epsilon });
}

const normalizeOp: OpDefinition<"normalize"> = {
  name: "normalize",
  shape: (inputs) => required("normalize", "x", inputs.x).shape,
  gradient({ inputs, attributes }, gradient) {
    const x = required("normalize", "x", inputs.x);
    return { x: x.graph.add(normalizeGradientOp, { x, gradient }, attributes) };
  },
};

const normalizeGradientOp: OpDefinition<"normalizeGradient"> = {
  name: "normalizeGradient",
  shape: (inputs) => required("normalizeGradient", "x", inputs.x).shape,
};

/** Rows of x scaled to length 1; rows shorter than `epsilon` are divided by it (as torch's normalize, 1e-12). */
export function normalize(x: Value, epsilon = 1e-12): Value {
  return x.graph.add(normalizeOp, { x }, { epsilon });
}
