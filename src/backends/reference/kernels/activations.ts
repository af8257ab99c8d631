import type { Activation } from "../../op-table.ts";

/** Pointwise functions in f64. */
export const activate: { readonly [A in Activation]: (x: number) => number } = {
  none: (x) => x,
  gelu: (x) => (x / 2) * errorFunctionComplement(-x / Math.SQRT2),
  gelu_new: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  quick_gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
  relu_squared: (x) => (x < 0 ? 0 : x * x),
};

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const GELU_NEW_FACTOR = Math.sqrt(2 / Math.PI);

/** Their derivatives; where there is none, at 0, that of the left. */
export const derivative: { readonly [A in Activation]: (x: number) => number } = {
  none: () => 1,
  gelu: (x) => errorFunctionComplement(-x / Math.SQRT2) / 2 + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
  gelu_new: (x) => {
    const tanh = Math.tanh(GELU_NEW_FACTOR * (x + 0.044715 * x ** 3));
    return (1 + tanh) / 2 + (x / 2) * (1 - tanh * tanh) * GELU_NEW_FACTOR * (1 + 3 * 0.044715 * x * x);
  },
  relu: (x) => (x > 0 ? 1 : 0),
  silu: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  tanh: (x) => 1 - Math.tanh(x) ** 2,
  sigmoid: (x) => sigmoid(x) * (1 - sigmoid(x)),
  quick_gelu: (x) => sigmoid(1.702 * x) * (1 + 1.702 * x * (1 - sigmoid(1.702 * x))),
  relu_squared: (x) => (x < 0 ? 0 : 2 * x),
};

/**
 * 1 - erf(x) to about 1e-15 relative: the Taylor series of erf near 0, the continued fraction of erfc beyond.
 * Source: Abramowitz and Stegun 7.1.6 and 7.1.14.
 */
function errorFunctionComplement(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size < 2.5) return 1 - errorFunctionSeries(x);
  const tail = size > 27 ? 0 : continuedFraction(size);
  return x < 0 ? 2 - tail : tail;
}

function errorFunctionSeries(x: number): number {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

function continuedFraction(x: number): number {
  let fraction = x;
  for (let n = 80; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
