/**
 * The one table of operations: what each reads, writes and is configured by.
 *
 * Its order gives the opcodes and slot numbers of the interpreter in `kernels/` (kernels/build.ts writes them to a
 * header), so native and WASM cannot disagree with this file. Shape rules and gradients live in engine/ops, reference
 * kernels in backends/reference.
 *
 * Shapes: T tokens, B texts, S selected rows, P pairs (sum of length^2), R any rows, H heads, d head size, D columns.
 * `y?` marks an optional input.
 */

/** Pointwise functions. `gelu` is exact (erf); `gelu_new` the tanh approximation. */
export const ACTIVATIONS = [
  "none",
  "gelu",
  "gelu_new",
  "relu",
  "silu",
  "tanh",
  "sigmoid",
  "quick_gelu",
  "relu_squared",
] as const;
/** The name of a pointwise function. */
export type Activation = (typeof ACTIVATIONS)[number];

/** How the tokens of a text become one vector. `meanSqrt` divides by the root of the length; `weightedMean` weighs token i by i + 1. */
export const POOLINGS = ["cls", "lastToken", "mean", "meanSqrt", "weightedMean", "max"] as const;
/** The name of a way to make one vector of a text's tokens. */
export type Pooling = (typeof POOLINGS)[number];

/** What operands in f32 are rounded to before they are multiplied; sums are f32. */
export const PRECISIONS = ["f32", "bf16"] as const;
/** The name of what operands are rounded to. */
export type Precision = (typeof PRECISIONS)[number];

const HALVES = ["first", "second"] as const;
/** Of which side of a pair of tokens a disentangled term speaks. */
const SIDES = ["query", "key"] as const;

interface OpSlots {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** "integer" (flags are 0 or 1), "float", or the allowed words, encoded by their index. */
  readonly attributes: { readonly [name: string]: "integer" | "float" | readonly string[] };
}

/** What both forms of attention read besides q, k and v; each adds to the scores before the softmax. */
const ATTENTION_BIASES = [
  "slopes?", // [H]: ALiBi, minus slope x |i - j|
  "relativeBias?", // [2M + 1, H]: by distance j - i, clamped to -M ... M
  "contentToPosition?", // [T, H * C]: DeBERTa; of query i, column distanceIndex[clamp(i - j) + M]
  "positionToContent?", // [T, H * C]: DeBERTa; of key j, the same column
  "distanceIndex?", // [2M + 1] i32: column for each distance i - j clamped to -M ... M
] as const;

const ATTENTION_ATTRIBUTES = {
  heads: "integer", // H of q
  keyHeads: "integer", // H of k and v; heads must be a multiple (grouped-query attention)
  scale: "float", // multiplies q . k and the two disentangled terms
  window: "integer", // |i - j| <= window; -1 for no window
} as const;

export const OP_TABLE = {
  /** y[R, N] = activation(x[R, K] . weight[N, K]^T + bias[N]) + residual[R, N] */
  linear: {
    inputs: ["x", "weight", "bias?", "residual?"],
    outputs: ["y"],
    attributes: { activation: ACTIVATIONS, precision: PRECISIONS },
  },
  /** y = op(a) . op(b), both values; op transposes when the flag is 1 */
  matmul: {
    inputs: ["a", "b"],
    outputs: ["y"],
    attributes: { transposeA: "integer", transposeB: "integer", precision: PRECISIONS },
  },
  /** y[R, D] = table[ids[R]] */
  embedding: { inputs: ["table", "ids"], outputs: ["y"], attributes: {} },
  /** y[T, D] = layerNorm(sum of table_i[ids_i]): the fused input of a BERT. Without weight and bias: the plain sum. */
  embeddingSum: {
    inputs: ["table0", "ids0", "table1?", "ids1?", "table2?", "ids2?", "table3?", "ids3?", "weight?", "bias?"],
    outputs: ["y"],
    attributes: { epsilon: "float" },
  },
  /** y[R, D] = a + b; b is [R, D], a row [D], or a column [R, 1] */
  add: { inputs: ["a", "b"], outputs: ["y"], attributes: {} },
  /** y[R, D] = a * b; b is [R, D], a row [D], or a column [R, 1] */
  multiply: { inputs: ["a", "b"], outputs: ["y"], attributes: {} },
  /** y = x * factor + term */
  affine: { inputs: ["x"], outputs: ["y"], attributes: { factor: "float", term: "float" } },
  /** y = activation(x) */
  activation: { inputs: ["x"], outputs: ["y"], attributes: { activation: ACTIVATIONS } },
  /** y[R, D] = activation(one half of x[R, 2D]) * the other half */
  gatedUnit: { inputs: ["x"], outputs: ["y"], attributes: { activation: ACTIVATIONS, activated: HALVES } },
  /** y[R, D] = (x - mean) / sqrt(variance + epsilon) * weight + bias, by row */
  layerNorm: { inputs: ["x", "weight?", "bias?"], outputs: ["y"], attributes: { epsilon: "float" } },
  /** y[R, D] = x / sqrt(mean(x^2) + epsilon) * weight, by row */
  rmsNorm: { inputs: ["x", "weight?"], outputs: ["y"], attributes: { epsilon: "float" } },
  /**
   * Rotates the first 2 * F columns of each head by position * frequencies[F]; pairs (i, i + F), or (2i, 2i + 1) when
   * interleaved. Instead of frequencies, table[positions, 2F] may hold the sines and then the cosines of each position.
   * `inverse` (a flag) turns the other way.
   */
  rotary: {
    inputs: ["x", "positions", "frequencies?", "table?"],
    outputs: ["y"],
    attributes: { heads: "integer", interleaved: "integer", scale: "float", inverse: "integer" },
  },
  /**
   * y[T, H * d] = softmax(q . k^T * scale + biases) . v within each text; never holds T x T. In bf16, what is multiplied may
   * be rounded, where that is faster: on AMX.
   */
  attention: {
    inputs: ["q", "k", "v", "offsets", ...ATTENTION_BIASES],
    outputs: ["y"],
    attributes: { ...ATTENTION_ATTRIBUTES, precision: PRECISIONS },
  },
  /** scores[P, H]: the same scores before the softmax. Of text b, row pairOffsets[b] + i * length + j. */
  attentionScores: {
    inputs: ["q", "k", "offsets", "pairOffsets", ...ATTENTION_BIASES],
    outputs: ["y"],
    attributes: ATTENTION_ATTRIBUTES,
  },
  /** Softmax of scores[P, H] over the keys of each query; outside `window` (-1 for none) probabilities are 0 */
  attentionSoftmax: { inputs: ["scores", "offsets", "pairOffsets"], outputs: ["y"], attributes: { window: "integer" } },
  /**
   * y[T, H * d] = probabilities[P, H] . v within each text. With `transpose` (a flag) y[T, K * d] = the sum over queries,
   * and over the heads that share a key head, of probabilities times v[T, H * d].
   */
  attentionMix: {
    inputs: ["probabilities", "v", "offsets", "pairOffsets"],
    outputs: ["y"],
    attributes: { heads: "integer", keyHeads: "integer", transpose: "integer" },
  },
  /** y[B, D] from x[T, D]; tokens whose mask is 0 are left out */
  pool: { inputs: ["x", "offsets", "mask?"], outputs: ["y"], attributes: { pooling: POOLINGS } },
  /** y[R, D] = x / max(|x|, epsilon), by row */
  normalize: { inputs: ["x"], outputs: ["y"], attributes: { epsilon: "float" } },
  /** y[S, D] = x[index[S]] */
  gatherRows: { inputs: ["x", "index"], outputs: ["y"], attributes: {} },
  /** By row */
  softmax: { inputs: ["x"], outputs: ["y"], attributes: {} },
  /** By row */
  logSoftmax: { inputs: ["x"], outputs: ["y"], attributes: {} },
  /** y[R, sum of D_i] = the columns of a, b, c, d side by side */
  concat: { inputs: ["a", "b", "c?", "d?"], outputs: ["y"], attributes: {} },
  /** y[R, count] = columns start ... start + count of x. Programs turn it into a view where the reader can stride. */
  slice: { inputs: ["x"], outputs: ["y"], attributes: { start: "integer", count: "integer" } },
  /** y[t] = x[t + by] where that is in the same text, else 0 */
  shiftRows: { inputs: ["x", "offsets"], outputs: ["y"], attributes: { by: "integer" } },
  /** y = the real part of the two-dimensional discrete Fourier transform of each text's [length, D] */
  fourier: { inputs: ["x", "offsets"], outputs: ["y"], attributes: {} },

  // Backward. `gradient` is that of the forward step's result.

  /** y, shaped as `like`: row i = the sum of the rows r of x with index[r] = i, in their order */
  scatterRows: { inputs: ["x", "index", "like"], outputs: ["y"], attributes: {} },
  /** y[D] = the sum of the rows of x[R, D] */
  sumRows: { inputs: ["x"], outputs: ["y"], attributes: {} },
  /** y[R, columns] = x from column `start` on, zeros elsewhere */
  padColumns: { inputs: ["x"], outputs: ["y"], attributes: { start: "integer", columns: "integer" } },
  /** y = gradient * activation'(x) */
  activationGradient: { inputs: ["x", "gradient"], outputs: ["y"], attributes: { activation: ACTIVATIONS } },
  /** With respect to x */
  layerNormGradient: { inputs: ["x", "weight?", "gradient"], outputs: ["y"], attributes: { epsilon: "float" } },
  /** With respect to x */
  rmsNormGradient: { inputs: ["x", "weight?", "gradient"], outputs: ["y"], attributes: { epsilon: "float" } },
  normalizeGradient: { inputs: ["x", "gradient"], outputs: ["y"], attributes: { epsilon: "float" } },
  /** From the result of the softmax */
  softmaxGradient: { inputs: ["probabilities", "gradient"], outputs: ["y"], attributes: {} },
  /** From the result of the log-softmax */
  logSoftmaxGradient: { inputs: ["logProbabilities", "gradient"], outputs: ["y"], attributes: {} },
  poolGradient: {
    inputs: ["x", "offsets", "mask?", "gradient"],
    outputs: ["y"],
    attributes: { pooling: POOLINGS },
  },
  /** y[P, H], by query over its keys */
  attentionSoftmaxGradient: {
    inputs: ["probabilities", "gradient", "offsets", "pairOffsets"],
    outputs: ["y"],
    attributes: {},
  },
  /** y[2M + 1, H], shaped as `like`, from the gradient of the scores [P, H] */
  relativeBiasGradient: { inputs: ["gradient", "offsets", "pairOffsets", "like"], outputs: ["y"], attributes: {} },
  /** y[T, H * C], shaped as `like`, from the gradient of the scores [P, H]: of each query's or each key's term */
  disentangledGradient: {
    inputs: ["gradient", "offsets", "pairOffsets", "distanceIndex", "like"],
    outputs: ["y"],
    attributes: { heads: "integer", side: SIDES, scale: "float" },
  },

  // Training.

  /** y = x where kept, scaled by 1 / (1 - rate), else 0; element i is kept by random number i of (seed, stream) */
  dropout: { inputs: ["x", "seed"], outputs: ["y"], attributes: { rate: "float", stream: "integer" } },
  /**
   * y[R, 1] = the sum over classes of target * weights[V] * -log softmax(logits[R, V]), where the target is 1 at labels[R],
   * smoothed over all classes; 0 where the label is negative. Weights are 1 by default.
   */
  crossEntropy: { inputs: ["logits", "labels", "weights?"], outputs: ["y"], attributes: { smoothing: "float" } },
  crossEntropyGradient: {
    inputs: ["logits", "labels", "weights?", "gradient"],
    outputs: ["y"],
    attributes: { smoothing: "float" },
  },
  /** y[R, 1] = max(x, 0) - x * target + log(1 + e^-|x|), summed over the columns of x[R, D] */
  binaryCrossEntropy: { inputs: ["x", "target"], outputs: ["y"], attributes: {} },
  binaryCrossEntropyGradient: { inputs: ["x", "target", "gradient"], outputs: ["y"], attributes: {} },
  /** y[R, 1] = the sum of the squares of each row */
  rowSquares: { inputs: ["x"], outputs: ["y"], attributes: {} },

  // In place: these change `state`, `parameter`, `gradient`, `first`, `second`, `rows` and `columns`, which are parameters.
  // `after` only orders them; y[1] is 0.

  /** state += x */
  accumulate: { inputs: ["state", "x", "after?"], outputs: ["y"], attributes: {} },
  /** state += (x - state) * share[1]: a moving average */
  average: { inputs: ["state", "x", "share", "after?"], outputs: ["y"], attributes: {} },
  /**
   * settings[9]: scale of the gradient, learning rate, beta1, beta2, epsilon, weight decay, 1 - beta1^t, 1 - beta2^t, and
   * 0 to change nothing. The gradient is set to 0. Source: AdamW, arXiv 1711.05101, as PyTorch's.
   */
  adamW: {
    inputs: ["parameter", "gradient", "first", "second", "settings", "after?"],
    outputs: ["y"],
    attributes: { rateFactor: "float", decayFactor: "float" },
  },
  /**
   * adamW's settings. The learning rate is divided by max(1, root of the mean of gradient^2 / max(second, epsilon^2)).
   * Source: StableAdamW, arXiv 2304.13013, algorithm 2.
   */
  stableAdamW: {
    inputs: ["parameter", "gradient", "first", "second", "settings", "after?"],
    outputs: ["y"],
    attributes: { rateFactor: "float", decayFactor: "float" },
  },
  /** adamW's settings, of which epsilon and the betas' powers are not read. Source: Lion, arXiv 2302.06675, algorithm 2. */
  lion: {
    inputs: ["parameter", "gradient", "first", "settings", "after?"],
    outputs: ["y"],
    attributes: { rateFactor: "float", decayFactor: "float" },
  },
  /**
   * adamW's settings, but for beta1, which is the largest root mean square of an update (0 for any). Of a matrix [N, K]
   * the means of squares are kept by rows[N] and columns[K], of a vector one by one in `rows`; beta2 is their decay.
   * Source: Adafactor, arXiv 1804.04235, algorithms 4 and 5, at a given learning rate and without momentum.
   */
  adafactor: {
    inputs: ["parameter", "gradient", "rows", "columns?", "settings", "after?"],
    outputs: ["y"],
    attributes: { rateFactor: "float", decayFactor: "float" },
  },
} as const satisfies Record<string, OpSlots>;

export type OpName = keyof typeof OP_TABLE;
export const OP_NAMES = Object.keys(OP_TABLE) as readonly OpName[];

type Unmarked<S> = S extends `${infer N}?` ? N : S;
export type InputSlot<N extends OpName> = Unmarked<(typeof OP_TABLE)[N]["inputs"][number]>;
export type OutputSlot<N extends OpName> = (typeof OP_TABLE)[N]["outputs"][number];
type AttributeValue<A> = A extends readonly (infer W)[] ? W : number;
export type AttributesOf<N extends OpName> = {
  readonly [A in keyof (typeof OP_TABLE)[N]["attributes"]]: AttributeValue<(typeof OP_TABLE)[N]["attributes"][A]>;
};

/** The slots of an operation without the optional marks, in encoding order. */
export function inputSlots(op: OpName): readonly { readonly name: string; readonly optional: boolean }[] {
  return OP_TABLE[op].inputs.map((slot) => ({ name: slot.replace("?", ""), optional: slot.endsWith("?") }));
}
