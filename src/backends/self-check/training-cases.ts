import type { Shape } from "../backend.ts";
import { ACTIVATIONS, POOLINGS } from "../op-table.ts";
import { ODD } from "./odd-sizes.ts";
import { type OpCase, type OperandMaker, packed } from "./operand-maker.ts";
import type { Operand } from "./single-step.ts";

/** Cases for the operations of training: gradients, losses, and what changes parameters where they lie. */
export function trainingCases(make: OperandMaker): OpCase[] {
  return [
    ...rowGradientCases(make),
    ...activationGradientCases(make),
    ...scatterCases(make),
    ...poolGradientCases(make),
    ...pairGradientCases(make),
    ...distanceGradientCases(make),
    ...dropoutCases(make),
    ...lossCases(make),
    ...updateCases(make),
  ];
}

function rowGradientCases(make: OperandMaker): OpCase[] {
  return [...ODD, 768].flatMap((columns) => {
    const sizes = { tokens: 67 };
    const result: Shape = ["tokens", columns];
    const common = { result, sizes };
    const x: Operand = { place: "input", shape: result, data: make.floats(67 * columns, 1, 3) };
    const gradient = make.input(result, sizes);
    const weight = make.parameter([columns]);
    const from = make.input(result, sizes);
    const attributes = { epsilon: 1e-5 };
    const norms = (["layerNormGradient", "rmsNormGradient"] as const).flatMap((op): OpCase[] => [
      { name: `${op} of ${columns}`, op, operands: { x, weight, gradient }, attributes, ...common },
      { name: `${op} of ${columns}, plain`, op, operands: { x, gradient }, attributes, ...common },
    ]);
    const normalize = [1e-12, 1e3].map((epsilon): OpCase => {
      const name = `normalizeGradient of ${columns}, epsilon ${epsilon}`;
      return { name, op: "normalizeGradient", operands: { x, gradient }, attributes: { epsilon }, ...common };
    });
    const plain = { attributes: {}, ...common };
    const probabilities = { probabilities: from, gradient };
    const logs = { logProbabilities: from, gradient };
    return [
      ...norms,
      ...normalize,
      { name: `softmaxGradient of ${columns}`, op: "softmaxGradient", operands: probabilities, ...plain },
      { name: `logSoftmaxGradient of ${columns}`, op: "logSoftmaxGradient", operands: logs, ...plain },
      { name: `sumRows of ${columns}`, op: "sumRows", operands: { x }, attributes: {}, result: [columns], sizes },
      { name: `rowSquares of ${columns}`, op: "rowSquares", operands: { x }, ...plain, result: ["tokens", 1] },
      {
        name: `padColumns of ${columns}`,
        op: "padColumns",
        operands: { x },
        attributes: { start: 2, columns: columns + 5 },
        result: ["tokens", columns + 5],
        sizes,
      },
    ] satisfies OpCase[];
  });
}

function activationGradientCases(make: OperandMaker): OpCase[] {
  return ACTIVATIONS.flatMap((activation) =>
    [67, 385].map((columns): OpCase => {
      const sizes = { tokens: 17 };
      const shape: Shape = ["tokens", columns];
      const x: Operand = { place: "input", shape, data: make.floats(17 * columns, -12, 12) };
      // Where powers leave the range of a float.
      x.data.set([0, -100, 100, -1000, 1000, -1e20, 1e20]);
      return {
        name: `activationGradient ${activation} of ${columns}`,
        op: "activationGradient",
        operands: { x, gradient: make.input(shape, sizes) },
        attributes: { activation },
        result: shape,
        sizes,
      };
    }),
  );
}

function scatterCases(make: OperandMaker): OpCase[] {
  const scatters = ODD.flatMap((columns) =>
    [1, 40, 1001].map((rows): OpCase => {
      const sizes = { tokens: 67 };
      return {
        name: `scatterRows of ${columns} to ${rows}`,
        op: "scatterRows",
        operands: {
          x: make.input(["tokens", columns], sizes),
          index: make.ids("tokens", 67, rows, rows),
          like: make.parameter([rows, columns]),
        },
        attributes: {},
        result: [rows, columns],
        sizes,
      };
    }),
  );
  const sums = [1, 768].map((columns): OpCase => {
    const sizes = { tokens: 385 };
    const x = make.input(["tokens", columns], sizes);
    return {
      name: `sumRows of 385 x ${columns}`,
      op: "sumRows",
      operands: { x },
      attributes: {},
      result: [columns],
      sizes,
    };
  });
  return [...scatters, ...sums];
}

function poolGradientCases(make: OperandMaker): OpCase[] {
  return ([[1], [3, 17, 0, 67, 1, 0], [385]] as const).flatMap((lengths) =>
    ([1, 67, 384] as const).flatMap((columns) => {
      const { sizes, offsets } = packed(lengths);
      const x = make.input(["tokens", columns], sizes);
      const gradient = make.input(["texts", columns], sizes);
      // Of the first text no token is left.
      const kept = Float32Array.from({ length: sizes.tokens }, (_, i) => Number(i >= 3 && i % 3 !== 0));
      const mask: Operand = { place: "input", shape: ["tokens"], data: kept };
      return POOLINGS.flatMap((pooling) =>
        [
          { x, offsets, gradient },
          { x, offsets, mask, gradient },
        ].map((operands): OpCase => {
          const masked = "mask" in operands ? ", masked" : "";
          return {
            name: `poolGradient ${pooling}${masked}, texts of ${lengths}, ${columns} columns`,
            op: "poolGradient",
            operands,
            attributes: { pooling },
            result: ["tokens", columns],
            sizes,
          };
        }),
      );
    }),
  );
}

/** One token; several odd lengths with empty texts among them. */
const BATCHES = [[1], [3, 17, 0, 67, 1, 0]] as const;

function pairGradientCases(make: OperandMaker): OpCase[] {
  return BATCHES.flatMap((lengths) => {
    const { sizes, offsets, pairOffsets } = packed(lengths);
    const softmax = [1, 4, 17].map((heads): OpCase => {
      const [probabilities, gradient] = [make.input(["pairs", heads], sizes), make.input(["pairs", heads], sizes)];
      return {
        name: `attentionSoftmaxGradient of ${heads} heads, texts of ${lengths}`,
        op: "attentionSoftmaxGradient",
        operands: { probabilities, gradient, offsets, pairOffsets },
        attributes: {},
        result: ["pairs", heads],
        sizes,
      };
    });
    const mixed = [
      { heads: 1, keyHeads: 1, size: 67 },
      { heads: 2, keyHeads: 2, size: 64 },
      { heads: 4, keyHeads: 2, size: 17 },
      { heads: 3, keyHeads: 1, size: 32 },
    ].map(({ heads, keyHeads, size }): OpCase => {
      const probabilities = make.input(["pairs", heads], sizes);
      return {
        name: `attentionMix transposed, ${heads}/${keyHeads} heads of ${size}, texts of ${lengths}`,
        op: "attentionMix",
        operands: { probabilities, v: make.input(["tokens", heads * size], sizes), offsets, pairOffsets },
        attributes: { heads, keyHeads, transpose: 1 },
        result: ["tokens", keyHeads * size],
        sizes,
      };
    });
    return [...softmax, ...mixed];
  });
}

function distanceGradientCases(make: OperandMaker): OpCase[] {
  return BATCHES.flatMap((lengths) => {
    const { sizes, offsets, pairOffsets } = packed(lengths);
    const heads = 3;
    const gradient = make.input(["pairs", heads], sizes);
    const relative = [1, 20, 100].map((most): OpCase => {
      const like = make.parameter([2 * most + 1, heads]);
      return {
        name: `relativeBiasGradient to ${most}, texts of ${lengths}`,
        op: "relativeBiasGradient",
        operands: { gradient, offsets, pairOffsets, like },
        attributes: {},
        result: like.shape,
        sizes,
      };
    });
    const data = Int32Array.from({ length: 2 * 8 + 1 }, (_, i) => Math.max(0, Math.min(8, i - 4)));
    const distanceIndex: Operand = { place: "constant", shape: [17], data };
    const like = make.input(["tokens", heads * 9], sizes);
    const disentangled = ["query", "key"].map((side): OpCase => {
      return {
        name: `disentangledGradient of the ${side}, texts of ${lengths}`,
        op: "disentangledGradient",
        operands: { gradient, offsets, pairOffsets, distanceIndex, like },
        attributes: { heads, side, scale: 0.25 },
        result: like.shape,
        sizes,
      };
    });
    return [...relative, ...disentangled];
  });
}

function dropoutCases(make: OperandMaker): OpCase[] {
  const sizes = { tokens: 67 };
  return ODD.flatMap((columns) =>
    [0.1, 0.5].map((rate): OpCase => {
      const x: Operand = { place: "input", shape: ["tokens", columns], data: make.floats(67 * columns, 1, 2) };
      const seed: Operand = { place: "input", shape: [1], data: Int32Array.of(-1234567 * columns) };
      return {
        name: `dropout ${rate} of ${columns}`,
        op: "dropout",
        operands: { x, seed },
        attributes: { rate, stream: columns },
        result: x.shape,
        sizes,
      };
    }),
  );
}

function lossCases(make: OperandMaker): OpCase[] {
  return [...ODD, 30522].flatMap((columns) => {
    const sizes = { rows: columns > 1000 ? 3 : 67 };
    const { rows } = sizes;
    const shape: Shape = ["rows", columns];
    const wide = (from: number, to: number): Operand => {
      return { place: "input", shape, data: make.floats(rows * columns, from, to) };
    };
    const [logits, target] = [wide(-12, 12), wide(0, 1)];
    const gradient = make.input(["rows", 1], sizes);
    const labels = make.ids("rows", rows, columns, columns);
    const missing = {
      place: "input",
      shape: ["rows"],
      data: labels.data.map((label, i) => (i % 5 === 1 ? -1 : label)),
    };
    const forward = { result: ["rows", 1] as Shape, sizes };
    const backward = { result: shape, sizes };
    const known = { logits, labels: missing as Operand };
    const weights: Operand = { place: "input", shape: [columns], data: make.floats(columns, 0, 2) };
    const smoothed = [0, 0.1].flatMap((smoothing) =>
      [known, { ...known, weights }].flatMap((operands): OpCase[] => {
        const weighted = "weights" in operands ? ", weighted" : "";
        const [of, attributes] = [`${columns}, smoothed by ${smoothing}${weighted}`, { smoothing }];
        const further = { ...operands, gradient };
        return [
          { name: `crossEntropy of ${of}`, op: "crossEntropy", operands, attributes, ...forward },
          {
            name: `crossEntropyGradient of ${of}`,
            op: "crossEntropyGradient",
            operands: further,
            attributes,
            ...backward,
          },
        ];
      }),
    );
    const binary = { x: logits, target };
    const op = "binaryCrossEntropyGradient";
    return [
      ...smoothed,
      {
        name: `binaryCrossEntropy of ${columns}`,
        op: "binaryCrossEntropy",
        operands: binary,
        attributes: {},
        ...forward,
      },
      { name: `${op} of ${columns}`, op, operands: { ...binary, gradient }, attributes: {}, ...backward },
    ] satisfies OpCase[];
  });
}

function updateCases(make: OperandMaker): OpCase[] {
  const shapes = [...ODD.map((columns) => [67, columns]), ...[1, 17, 40000].map((columns) => [columns])];
  return shapes.flatMap((shape) => {
    const [state, x] = [make.parameter(shape), make.input(shape, {})];
    const common = { result: shape, sizes: {} };
    const accumulate: OpCase = {
      name: `accumulate of ${shape}`,
      op: "accumulate",
      operands: { state, x },
      attributes: {},
      changed: "state",
      ...common,
    };
    const share: Operand = { place: "input", shape: [1], data: Float32Array.of(0.003) };
    const average: OpCase = {
      name: `average of ${shape}`,
      op: "average",
      operands: { state, x, share },
      attributes: {},
      changed: "state",
      ...common,
    };
    const [parameter, gradient, first] = [make.parameter(shape), make.parameter(shape), make.parameter(shape)];
    const second: Operand = { place: "parameter", shape, data: make.floats(parameter.data.length, 0, 0.1) };
    const [rows, columns] = [shape.slice(0, 1), shape.slice(1)].map((size): Operand => {
      return { place: "parameter", shape: size, data: make.floats(size[0] ?? 0, 0, 0.1) };
    }) as [Operand, Operand];
    const factored = shape.length === 1 ? { parameter, gradient, rows } : { parameter, gradient, rows, columns };
    const optimizers = [
      { op: "adamW", states: { parameter, gradient, first, second } },
      { op: "stableAdamW", states: { parameter, gradient, first, second } },
      { op: "lion", states: { parameter, gradient, first } },
      { op: "adafactor", states: factored },
    ] as const;
    const updates = optimizers.flatMap(({ op, states }) =>
      [1, 0].flatMap((isOn) => {
        const data = Float32Array.of(0.5, 0.01, 0.9, 0.999, 1e-8, 0.1, 0.271, 0.002997, isOn);
        const operands = { ...states, settings: { place: "input", shape: [9], data } as Operand };
        return Object.entries(states).map(([changed, { shape: result }]): OpCase => {
          return {
            name: `${op} of ${shape}, ${isOn ? "on" : "off"}: ${changed}`,
            op,
            operands,
            attributes: { rateFactor: 0.5, decayFactor: 1 },
            changed,
            result,
            sizes: {},
          };
        });
      }),
    );
    return [accumulate, average, ...updates];
  });
}
