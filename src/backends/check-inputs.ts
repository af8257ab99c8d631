import { BackendError } from "../errors.ts";
import type { Dimension, Program, ProgramValue, RunInputs, Sizes, Step } from "./backend.ts";
import { inputSlots } from "./op-table.ts";
import { asMatrix, resolveDimension, showShape } from "./shape.ts";

/** What a run's numbers must satisfy for no kernel to read outside its buffers. */
interface InputRule {
  readonly name: string;
  readonly value: ProgramValue;
  /** Ids: below every one of these. */
  readonly bounds: readonly Dimension[];
  /** Labels: below every one of these; negative ones are of rows that are left out. */
  readonly labelBounds: readonly number[];
  /** Offsets of pairs: the input with the offsets of the texts, whose squared lengths they must follow. */
  readonly squaresOf: string | undefined;
}

const rulesOf = new WeakMap<Program, readonly InputRule[]>();

/**
 * Checks everything that kernels rely on and only a run knows: that all inputs are there with the right type and
 * length, ids within their tables, offsets ascending from 0 to what they cover. Every backend calls it before a run.
 *
 * @throws BackendError that names the input, the index and the value.
 */
export function checkInputs(program: Program, inputs: RunInputs, sizes: Sizes): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 0 || size > 2 ** 31 - 2) {
      throw new BackendError(`Size "${name}" is ${size}; expected an integer from 0 to ${2 ** 31 - 2}.`);
    }
  }
  for (const name of Object.keys(inputs)) {
    if (!program.inputs.has(name)) {
      throw new BackendError(`The program has no input "${name}"; it has ${[...program.inputs.keys()].join(", ")}.`);
    }
  }
  for (const rule of inputRules(program)) checkInput(rule, inputs, sizes);
}

/** @throws BackendError when there is not one time a step and one more. */
export function checkTimes({ steps }: Program, times: Float64Array | undefined): void {
  if (times === undefined || times.length === steps.length + 1) return;
  throw new BackendError(
    `times has ${times.length} numbers; a program of ${steps.length} steps has ${steps.length + 1}.`,
  );
}

/**
 * Checks once what the program itself promises: that ids and offsets come from where they can be checked.
 *
 * @throws BackendError when a kernel could be led outside its buffers by an input that has no bound.
 */
export function checkProgram(program: Program): void {
  inputRules(program);
}

function inputRules(program: Program): readonly InputRule[] {
  const known = rulesOf.get(program);
  if (known !== undefined) return known;
  const bounds = new Map<number, Dimension[]>();
  const labelBounds = new Map<number, number[]>();
  const squares = new Map<number, string>();
  for (const step of program.steps) {
    for (const [id, bound] of idOperands(program, step)) bounds.set(id, [...(bounds.get(id) ?? []), bound]);
    const labels = labelOperand(program, step);
    if (labels !== undefined) labelBounds.set(labels.id, [...(labelBounds.get(labels.id) ?? []), labels.classes]);
    checkOffsetOperands(program, step);
    const { offsets, pairOffsets } = step.inputs as { offsets?: number; pairOffsets?: number };
    if (offsets !== undefined && pairOffsets !== undefined) squares.set(pairOffsets, findValue(program, offsets).name);
  }
  for (const [id, limits] of bounds) checkIdSource(findValue(program, id), limits);
  const rules = [...program.inputs].map(([name, id]) => {
    const value = findValue(program, id);
    const declared = value.bound === undefined ? [] : [value.bound];
    const labels = labelBounds.get(id) ?? [];
    return {
      name,
      value,
      bounds: [...declared, ...(bounds.get(id) ?? [])],
      labelBounds: labels,
      squaresOf: squares.get(id),
    };
  });
  rulesOf.set(program, rules);
  return rules;
}

/** The operands of a step that index rows, or columns, of another: value number and what they must stay below. */
function idOperands(program: Program, step: Step): [id: number, bound: Dimension][] {
  const inputs = step.inputs as { readonly [slot: string]: number };
  const rows = (slot: string) => asMatrix(findValue(program, inputs[slot] as number).shape).rows;
  const found: [number, Dimension][] = [];
  if (step.op === "embedding") found.push([inputs.ids as number, rows("table")]);
  if (step.op === "rotary" && inputs.table !== undefined) found.push([inputs.positions as number, rows("table")]);
  if (step.op === "scatterRows") found.push([inputs.index as number, rows("like")]);
  if (step.op === "gatherRows") found.push([inputs.index as number, rows("x")]);
  if (step.op === "embeddingSum") {
    for (const i of [0, 1, 2, 3]) {
      if (inputs[`ids${i}`] !== undefined) found.push([inputs[`ids${i}`] as number, rows(`table${i}`)]);
    }
  }
  if ((step.op === "attention" || step.op === "attentionScores") && inputs.distanceIndex !== undefined) {
    for (const slot of ["contentToPosition", "positionToContent"]) {
      if (inputs[slot] === undefined) continue;
      const { columns } = asMatrix(findValue(program, inputs[slot]).shape);
      found.push([inputs.distanceIndex, columns / step.attributes.heads]);
    }
  }
  if (step.op === "disentangledGradient") {
    const { columns } = asMatrix(findValue(program, inputs.like as number).shape);
    found.push([inputs.distanceIndex as number, columns / step.attributes.heads]);
  }
  return found;
}

/** The labels of a loss: value number, and how many classes there are. */
function labelOperand(program: Program, step: Step): { id: number; classes: number } | undefined {
  if (step.op !== "crossEntropy" && step.op !== "crossEntropyGradient") return undefined;
  const inputs = step.inputs as { readonly [slot: string]: number };
  const labels = findValue(program, inputs.labels as number);
  if (labels.place !== "input") throw new BackendError(`Labels must be an input; "${labels.name}" is none.`);
  const { columns } = asMatrix(findValue(program, inputs.logits as number).shape);
  return { id: inputs.labels as number, classes: columns };
}

/** Offsets must be inputs that cover the rows of what they divide: only then are they checked. */
function checkOffsetOperands(program: Program, step: Step): void {
  const inputs = step.inputs as { readonly [slot: string]: number };
  for (const { name: slot } of inputSlots(step.op)) {
    const id = inputs[slot];
    if (id === undefined || !slot.toLowerCase().endsWith("offsets")) continue;
    const pairs = inputs.scores ?? inputs.probabilities ?? inputs.gradient;
    const divided = slot === "offsets" ? (inputs.x ?? inputs.q ?? inputs.v) : pairs;
    const { place, name, covers } = findValue(program, id);
    const rows = divided === undefined ? covers : asMatrix(findValue(program, divided).shape).rows;
    if (place !== "input" || covers === undefined || rows !== covers) {
      throw new BackendError(`${step.op}: its ${slot} "${name}" must be an input that covers ${rows ?? "a size"}.`);
    }
  }
}

function checkIdSource(value: ProgramValue, bounds: readonly Dimension[]): void {
  if (value.place === "input") return;
  if (value.place !== "constant")
    throw new BackendError(`Ids must be inputs or constants; "${value.name}" is neither.`);
  for (const bound of bounds) {
    if (typeof bound !== "number") throw new BackendError(`Constant ids "${value.name}" index rows of a free size.`);
    checkIds(`Constant "${value.name}"`, value.data as Int32Array, bound);
  }
}

function checkInput({ name, value, bounds, labelBounds, squaresOf }: InputRule, inputs: RunInputs, sizes: Sizes): void {
  const data = inputs[name];
  const kind = value.type === "i32" ? Int32Array : Float32Array;
  if (data === undefined) throw new BackendError(`Input "${name}" is missing.`);
  if (!(data instanceof kind)) throw new BackendError(`Input "${name}" must be ${kind.name}.`);
  const expected = value.shape.reduce<number>((product, dimension) => product * resolveDimension(dimension, sizes), 1);
  if (data.length !== expected) {
    throw new BackendError(`Input "${name}" has ${data.length} numbers; ${showShape(value.shape)} are ${expected}.`);
  }
  for (const bound of bounds) checkIds(`Input "${name}"`, data, resolveDimension(bound, sizes));
  for (const classes of labelBounds) checkLabels(name, data, classes);
  if (value.covers !== undefined) checkOffsets(name, data, resolveDimension(value.covers, sizes), value.covers);
  if (squaresOf !== undefined) checkSquares(name, data, squaresOf, inputs[squaresOf] as Int32Array);
}

function checkIds(what: string, ids: ArrayLike<number>, bound: number): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (id < 0 || id >= bound)
      throw new BackendError(`${what} holds ${id} at index ${i}; expected 0 ... ${bound - 1}.`);
  }
}

function checkLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label >= classes) {
      throw new BackendError(`Input "${name}" holds label ${label} at index ${i}; there are ${classes} classes.`);
    }
  }
}

function checkOffsets(name: string, offsets: ArrayLike<number>, end: number, covers: string): void {
  let previous = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i] as number;
    if (i === 0 ? offset !== 0 : offset < previous) {
      const rule = i === 0 ? "the first is 0" : `each is at least the one before, ${previous}`;
      throw new BackendError(`Input "${name}" holds ${offset} at index ${i}; offsets ascend: ${rule}.`);
    }
    previous = offset;
  }
  if (previous !== end) {
    const last = offsets.length - 1;
    throw new BackendError(`Input "${name}" ends with ${previous} at index ${last}; the run has ${end} ${covers}.`);
  }
}

function checkSquares(name: string, pairs: ArrayLike<number>, of: string, offsets: ArrayLike<number>): void {
  for (let i = 0; i + 1 < offsets.length; i++) {
    const length = (offsets[i + 1] as number) - (offsets[i] as number);
    const found = (pairs[i + 1] as number) - (pairs[i] as number);
    if (found !== length * length) {
      throw new BackendError(
        `Input "${name}" gives text ${i} ${found} pairs; by "${of}" it has ${length} tokens, so ${length * length}.`,
      );
    }
  }
}

function findValue(program: Program, id: number): ProgramValue {
  const value = program.values[id];
  if (value === undefined)
    throw new BackendError(`The program refers to value ${id}; it has ${program.values.length}.`);
  return value;
}
