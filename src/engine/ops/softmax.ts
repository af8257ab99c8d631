import type { OpDefinition, Value } from "../graph.ts";
import { required } from "../shape.ts";

const softmaxOp: OpDefinition<"softmax"> = {
  name: "softmax",
  shape: (inputs) => required("softmax", "x", inputs.x).shape,
  gradient({ output }, gradient) {
    return { x: output.graph.add(softmaxGradientOp, { probabilities: output, gradient }, {}) };
  },
};
const softmaxGradientOp: OpDefinition<"softmaxGradient"> = {
  name: "softmaxGradient",
  shape: (inputs) => required("softmaxGradient", "probabilities", inputs.probabilities).shape,
};
const logSoftmaxOp: OpDefinition<"logSoftmax"> = {
  name: "logSoftmax",
  shape: (inputs) => required("logSoftmax", "x", inputs.x).shape,
  gradient({ output }, gradient) {
    return { x: output.graph.add(logSoftmaxGradientOp, { logProbabilities: output, gradient }, {}) };
  },
};
const logSoftmaxGradientOp: OpDefinition<"logSoftmaxGradient"> = {
  name: "logSoftmaxGradient",
  shape: (inputs) => required("logSoftmaxGradient", "logProbabilities", inputs.logProbabilities).shape,
};

/** Softmax by row. */
export function softmax(x: Value): Value {
  return x.graph.add(softmaxOp, { x }, {});
}

/** log(softmax) by row. */
export function logSoftmax(x: Value): Value {
  return x.graph.add(logSoftmaxOp, { x }, {});
}
