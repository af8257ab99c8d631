import type { OpDefinition, Value } from "../graph.ts";
import { required } from "../shape.ts";

const op: OpDefinition<"fourier"> = {
  name: "fourier",
  shape(inputs) {
    required("fourier", "offsets", inputs.offsets);
    return required("fourier", "x", inputs.x).shape;
  },
  // The matrix of cosines is symmetric in both dimensions.
  gradient: ({ inputs }, gradient) => ({ x: fourier(gradient, required("fourier", "offsets", inputs.offsets)) }),
};

/** The real part of the two-dimensional Fourier transform of each text's [length, D]. Source: FNet, arXiv 2105.03824. */
export function fourier(x: Value, offsets: Value): Value {
  return x.graph.add(op, { x, offsets }, {});
}
