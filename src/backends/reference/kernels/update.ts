import type { ReferenceKernel } from "../kernel.ts";
import { fill, get, type Matrix, set, sum } from "../matrix.ts";

type Operand = Matrix<ArrayLike<number>>;

/** Parameters are inputs that the steps change. */
function mutable(operand: Operand): Matrix {
  return operand as Matrix;
}

export const accumulate: ReferenceKernel<"accumulate"> = ({ state, x }, { y }) => {
  fill(mutable(state), (r, c) => get(state, r, c) + get(x, r, c));
  set(y, 0, 0, 0);
};

export const average: ReferenceKernel<"average"> = ({ state, x, share }, { y }) => {
  const part = share.data[share.start] as number;
  keep(state, (r, c) => get(state, r, c) + (get(x, r, c) - get(state, r, c)) * part);
  set(y, 0, 0, 0);
};

interface Factors {
  readonly rateFactor: number;
  readonly decayFactor: number;
}

function settingsOf(operand: Operand, { rateFactor, decayFactor }: Factors) {
  const at = (i: number) => operand.data[operand.start + i] as number;
  return {
    scale: at(0),
    rate: at(1) * rateFactor,
    beta1: at(2),
    beta2: at(3),
    epsilon: at(4),
    decay: at(5) * decayFactor,
    correction1: at(6),
    correction2: at(7),
    isOn: at(8) !== 0,
  };
}

/** The gradient times its scale, which is 0 in the parameter afterwards. */
function takeGradient(gradient: Operand, scale: number): Matrix {
  const taken = { ...gradient, data: Float64Array.from(gradient.data, (x) => x * scale) };
  fill(mutable(gradient), () => 0);
  return taken;
}

/** What stays between steps is f32, as files keep it: a run that goes on from a checkpoint has the same bits. */
function keep(state: Operand, value: (r: number, c: number) => number): void {
  fill(mutable(state), (r, c) => Math.fround(value(r, c)));
}

function blend(mean: Operand, beta: number, x: (r: number, c: number) => number): void {
  keep(mean, (r, c) => beta * get(mean, r, c) + (1 - beta) * x(r, c));
}

/** The root of the mean of value(r, c) over a matrix. */
function rootMean({ rows, columns }: Operand, value: (r: number, c: number) => number): number {
  return Math.sqrt(sum(rows, (r) => sum(columns, (c) => value(r, c))) / (rows * columns));
}

export const adamW: ReferenceKernel<"adamW"> = ({ parameter, first, second, ...inputs }, { y }, factors) => {
  const { scale, rate, beta1, beta2, epsilon, decay, ...settings } = settingsOf(inputs.settings, factors);
  const gradient = takeGradient(inputs.gradient, scale);
  set(y, 0, 0, 0);
  if (!settings.isOn) return;
  blend(first, beta1, (r, c) => get(gradient, r, c));
  blend(second, beta2, (r, c) => get(gradient, r, c) ** 2);
  keep(parameter, (r, c) => {
    const deviation = Math.sqrt(get(second, r, c) / settings.correction2) + epsilon;
    return get(parameter, r, c) * (1 - rate * decay) - (rate * (get(first, r, c) / settings.correction1)) / deviation;
  });
};

export const stableAdamW: ReferenceKernel<"stableAdamW"> = (
  { parameter, first, second, ...inputs },
  { y },
  factors,
) => {
  const { scale, beta1, beta2, epsilon, decay, ...settings } = settingsOf(inputs.settings, factors);
  const gradient = takeGradient(inputs.gradient, scale);
  set(y, 0, 0, 0);
  if (!settings.isOn) return;
  // beta (1 - beta^(t - 1)) / (1 - beta^t)
  blend(first, 1 - (1 - beta1) / settings.correction1, (r, c) => get(gradient, r, c));
  blend(second, 1 - (1 - beta2) / settings.correction2, (r, c) => get(gradient, r, c) ** 2);
  const root = rootMean(parameter, (r, c) => get(gradient, r, c) ** 2 / Math.max(get(second, r, c), epsilon ** 2));
  const rate = settings.rate / Math.max(1, root);
  keep(parameter, (r, c) => {
    const update = get(first, r, c) / (Math.sqrt(get(second, r, c)) + epsilon);
    return get(parameter, r, c) * (1 - rate * decay) - rate * update;
  });
};

export const lion: ReferenceKernel<"lion"> = ({ parameter, first, ...inputs }, { y }, factors) => {
  const { scale, rate, beta1, beta2, decay, isOn } = settingsOf(inputs.settings, factors);
  const gradient = takeGradient(inputs.gradient, scale);
  set(y, 0, 0, 0);
  if (!isOn) return;
  keep(parameter, (r, c) => {
    const direction = Math.sign(beta1 * get(first, r, c) + (1 - beta1) * get(gradient, r, c));
    return get(parameter, r, c) * (1 - rate * decay) - rate * direction;
  });
  blend(first, beta2, (r, c) => get(gradient, r, c));
};

export const adafactor: ReferenceKernel<"adafactor"> = ({ parameter, rows, columns, ...inputs }, { y }, factors) => {
  const { scale, rate, beta1: most, beta2, epsilon, decay, isOn } = settingsOf(inputs.settings, factors);
  const gradient = takeGradient(inputs.gradient, scale);
  set(y, 0, 0, 0);
  if (!isOn) return;
  const square = (r: number, c: number) => get(gradient, r, c) ** 2 + epsilon;
  let mean = (r: number, c: number) => get(rows, r, c);
  if (columns === undefined) {
    blend(rows, beta2, square);
  } else {
    blend(rows, beta2, (_, r) => sum(parameter.columns, (c) => square(r, c)) / parameter.columns);
    blend(columns, beta2, (_, c) => sum(parameter.rows, (r) => square(r, c)) / parameter.rows);
    const average = sum(rows.columns, (r) => get(rows, 0, r)) / rows.columns;
    mean = (r, c) => (get(rows, 0, r) * get(columns, 0, c)) / average;
  }
  const update = (r: number, c: number) => get(gradient, r, c) / Math.sqrt(mean(r, c));
  const root = rootMean(parameter, (r, c) => update(r, c) ** 2);
  const step = rate / (most > 0 ? Math.max(1, root / most) : 1);
  keep(parameter, (r, c) => get(parameter, r, c) * (1 - rate * decay) - step * update(r, c));
};
