import type { OpDefinition, Value } from "../graph.ts";
import { columnsOf, required, rowsOf, sameShape, shapeError } from "../shape.ts";

const crossEntropyOp: OpDefinition<"crossEntropy"> = {
  name: "crossEntropy",
  shape(inputs) {
    const logits = required("crossEntropy", "logits", inputs.logits);
    const labels = required("crossEntropy", "labels", inputs.labels);
    if (labels.type !== "i32" || rowsOf(labels) !== rowsOf(logits)) {
      throw shapeError("crossEntropy", "a label for each row is needed", inputs);
    }
    if (inputs.weights !== undefined && !sameShape(inputs.weights, { shape: [columnsOf(logits)] })) {
      throw shapeError("crossEntropy", "a weight for each class is needed", inputs);
    }
    return [rowsOf(logits), 1];
  },
  gradient({ inputs, attributes }, gradient) {
    const { logits, labels, weights } = inputs;
    return { logits: gradient.graph.add(crossEntropyGradientOp, { logits, labels, weights, gradient }, attributes) };
  },
};

const crossEntropyGradientOp: OpDefinition<"crossEntropyGradient"> = {
  name: "crossEntropyGradient",
  shape: (inputs) => required("crossEntropyGradient", "logits", inputs.logits).shape,
};

/**
 * -log of the probability that softmax(logits[R, V]) gives to labels[R] -> [R, 1]; 0 where the label is negative.
 *
 * @param smoothing share of the target that is spread evenly over all classes. Default 0.
 * @param weights [V]: what each class counts, as PyTorch's. They are not learned. Default: 1 for each.
 */
export function crossEntropy(logits: Value, labels: Value, smoothing = 0, weights?: Value): Value {
  return logits.graph.add(crossEntropyOp, { logits, labels, weights }, { smoothing });
}

const binaryOp: OpDefinition<"binaryCrossEntropy"> = {
  name: "binaryCrossEntropy",
  shape(inputs) {
    const x = required("binaryCrossEntropy", "x", inputs.x);
    const target = required("binaryCrossEntropy", "target", inputs.target);
    if (!sameShape(x, target)) throw shapeError("binaryCrossEntropy", "a target for each logit is needed", inputs);
    return [rowsOf(x), 1];
  },
  gradient({ inputs }, gradient) {
    const { x, target } = inputs;
    return { x: gradient.graph.add(binaryGradientOp, { x, target, gradient }, {}) };
  },
};

const binaryGradientOp: OpDefinition<"binaryCrossEntropyGradient"> = {
  name: "binaryCrossEntropyGradient",
  shape: (inputs) => required("binaryCrossEntropyGradient", "x", inputs.x).shape,
};

/** -log of the probability that sigmoid(x[R, D]) gives to target[R, D], summed over the columns -> [R, 1] */
export function binaryCrossEntropy(x: Value, target: Value): Value {
  return x.graph.add(binaryOp, { x, target }, {});
}
