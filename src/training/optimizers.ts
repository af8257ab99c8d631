/** What turns accumulated gradients into changes of the parameters. */
import type { Value } from "../engine/graph.ts";
import { adafactor, adamW, lion, stableAdamW, type UpdateFactors } from "../engine/ops/update.ts";
import { InputError } from "../errors.ts";

/** The optimizers. */
export const OPTIMIZERS = ["adamw", "stable-adamw", "adafactor", "lion"] as const;
/** The name of an optimizer. */
export type OptimizerName = (typeof OPTIMIZERS)[number];

/** An optimizer's numbers. An optimizer that does not read one refuses it. */
export interface OptimizerOptions {
  /** Default: 0.9. Adafactor has none. */
  readonly beta1?: number | null | undefined;
  /** Default: 0.999; of StableAdamW and Lion 0.99. Adafactor has none: its decay is 1 - step^-0.8. */
  readonly beta2?: number | null | undefined;
  /** Default: 1e-8; of StableAdamW 1e-6, of Adafactor 1e-30, which is added to squares. Lion has none. */
  readonly epsilon?: number | null | undefined;
  /** Of matrices; vectors are not decayed. Default: 0.01. */
  readonly weightDecay?: number | undefined;
}

/** One step of an optimizer. */
export interface UpdateSettings extends OptimizerOptions {
  readonly learningRate: number;
  /** Multiplies the accumulated gradients: below 1 when they are clipped. */
  readonly scale: number;
  /** From 1. */
  readonly step: number;
}

type Numbers = { readonly [N in "beta1" | "beta2" | "epsilon"]: number | null };

/** Parameter, gradient and states of one parameter, by kind; the parameter itself is the kind "". */
type States = (kind: string) => Value;

interface Optimizer {
  /** Null where it has no such number. */
  readonly defaults: Numbers;
  /** The states that it keeps of a parameter, with their shapes. */
  readonly states: (shape: readonly number[]) => { readonly [kind: string]: readonly number[] };
  readonly step: (states: States, settings: Value, factors: UpdateFactors, after: Value | undefined) => Value;
}

export const GRADIENT = "gradient of ";
const FIRST = "first moment of ";
const SECOND = "second moment of ";
const ROWS = "row means of ";
const COLUMNS = "column means of ";

const twoMoments: Optimizer["states"] = (shape) => ({ [FIRST]: shape, [SECOND]: shape });

const BY_NAME: { readonly [N in OptimizerName]: Optimizer } = {
  adamw: {
    defaults: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    states: twoMoments,
    step: (of, settings, factors, after) => adamW({ ...momentsOf(of), settings }, factors, after),
  },
  "stable-adamw": {
    defaults: { beta1: 0.9, beta2: 0.99, epsilon: 1e-6 },
    states: twoMoments,
    step: (of, settings, factors, after) => stableAdamW({ ...momentsOf(of), settings }, factors, after),
  },
  lion: {
    defaults: { beta1: 0.9, beta2: 0.99, epsilon: null },
    states: (shape) => ({ [FIRST]: shape }),
    step: (of, settings, factors, after) => lion({ ...operandsOf(of), first: of(FIRST), settings }, factors, after),
  },
  adafactor: {
    defaults: { beta1: null, beta2: null, epsilon: 1e-30 },
    states: ([rows = 1, columns]) => ({
      [ROWS]: [rows],
      ...(columns === undefined ? {} : { [COLUMNS]: [columns] }),
    }),
    step(of, settings, factors, after) {
      const columns = of("").shape.length > 1 ? of(COLUMNS) : undefined;
      return adafactor({ ...operandsOf(of), rows: of(ROWS), columns, settings }, factors, after);
    },
  },
};

function operandsOf(of: States) {
  return { parameter: of(""), gradient: of(GRADIENT) };
}

function momentsOf(of: States) {
  return { ...operandsOf(of), first: of(FIRST), second: of(SECOND) };
}

/** What an optimizer is. */
export function optimizerNamed(name: OptimizerName): Optimizer {
  return BY_NAME[name];
}

/**
 * An optimizer's numbers with its defaults; null where it has no such number.
 *
 * @throws InputError for an unknown optimizer, and for a number that it does not have.
 */
export function optimizerNumbers(name: OptimizerName, options: OptimizerOptions): Numbers {
  if (!OPTIMIZERS.includes(name)) {
    throw new InputError(`optimizer is "${name}"; expected one of ${OPTIMIZERS.join(", ")}.`);
  }
  const { defaults } = BY_NAME[name];
  const filled = (["beta1", "beta2", "epsilon"] as const).map((number) => {
    const given = options[number] ?? undefined;
    if (given !== undefined && defaults[number] === null) {
      throw new InputError(`optimizer "${name}" has no ${number}, which is given as ${given}. Leave it out.`);
    }
    return [number, given ?? defaults[number]] as const;
  });
  return Object.fromEntries(filled) as Numbers;
}

/** @throws InputError when it is no share. */
export function checkAverageDecay(decay: number | undefined): void {
  if (decay === undefined || (decay > 0 && decay < 1)) return;
  throw new InputError(`averageDecay is ${decay}; expected a share above 0 and below 1, such as 0.999.`);
}

/** Adafactor's updates are scaled down to this root mean square (arXiv 1804.04235, section 6). */
const LARGEST_UPDATE = 1;

/** The settings that the operations read; see `adamW` in the op table. */
export function settingsOf(name: OptimizerName, options: UpdateSettings, isOn: boolean): Float32Array<ArrayBuffer> {
  const { learningRate, scale, step, weightDecay = 0.01 } = options;
  const { beta1, beta2, epsilon } = optimizerNumbers(name, options);
  const betas = name === "adafactor" ? [LARGEST_UPDATE, 1 - step ** -0.8] : [beta1!, beta2!];
  const corrections = betas.map((beta) => 1 - beta ** step);
  return Float32Array.from([scale, learningRate, ...betas, epsilon ?? 0, weightDecay, ...corrections, Number(isOn)]);
}
