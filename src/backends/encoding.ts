import { BackendError } from "../errors.ts";
import type { ElementType, Program, ProgramValue, SizeName, Sizes, Step, StoredType } from "./backend.ts";
import { ACTIVATIONS, inputSlots, OP_NAMES, OP_TABLE, POOLINGS, PRECISIONS } from "./op-table.ts";
import { asMatrix } from "./shape.ts";

/**
 * A program as the C++ interpreter walks it: 32-bit words, a header, then one record a value, then one a step. Private
 * to native and wasm. kernels/build.ts writes the numbers of these lists to opcodes.h, so the two sides cannot differ.
 */

/** The header and the record of a value, field by field. */
export const HEADER_FIELDS = ["values", "steps", "inputs", "outputs", "fingerprint"] as const;
export const VALUE_FIELDS = [
  "place", // in PLACES
  "type", // in ELEMENT_TYPES
  "layout", // in LAYOUTS
  "size", // in SIZE_NAMES: what the rows count; -1 when they are fixed
  "rows", // how many; when they count a size, how many more than that
  "columns",
  "of", // of a view: the value that it is part of, else -1
  "column", // of a view: its first column there
  "slot", // of inputs and outputs: which one, in the order of the program's map
] as const;

export const PLACES = ["constant", "parameter", "input", "arena", "output", "view"] as const;
export const ELEMENT_TYPES = ["f32", "i32", "bf16", "int8"] as const satisfies readonly ElementType[];
export const LAYOUTS = ["rows", "packed"] as const;
export const SIZE_NAMES = ["tokens", "texts", "rows", "groups", "pairs"] as const satisfies readonly SizeName[];
export const STORED_TYPES = [
  "F64",
  "F32",
  "F16",
  "BF16",
  "I64",
  "I32",
  "I16",
  "I8",
  "U8",
  "BOOL",
] as const satisfies readonly StoredType[];

/** A step's record: the opcode, its input values, its output values, its attributes. */
export const MAX_INPUTS = 12;
export const MAX_OUTPUTS = 4;
export const MAX_ATTRIBUTES = 8;
export const STEP_WORDS = 1 + MAX_INPUTS + MAX_OUTPUTS + MAX_ATTRIBUTES;

/**
 * A number of everything that both sides must agree on. The kernels hold the one that they were built with and refuse
 * programs of another, which would call other operations than they mean.
 */
export const FINGERPRINT: number = fingerprintOf(
  JSON.stringify([
    OP_TABLE,
    ACTIVATIONS,
    POOLINGS,
    PRECISIONS,
    HEADER_FIELDS,
    VALUE_FIELDS,
    PLACES,
    ELEMENT_TYPES,
    LAYOUTS,
    SIZE_NAMES,
    STEP_WORDS,
  ]),
);

/** 32 bits of FNV-1a (Fowler, Noll, Vo). */
function fingerprintOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}

/**
 * The program in words. Sizes, memory and the arena's plan are given to each run.
 *
 * @throws BackendError when a step lacks an operand, or has more than a record holds.
 */
export function encodeProgram(program: Program): Int32Array {
  const { values, steps, inputs } = program;
  const outputs = distinctOutputs(program);
  const start = HEADER_FIELDS.length;
  const words = new Int32Array(start + values.length * VALUE_FIELDS.length + steps.length * STEP_WORDS);
  words.set([values.length, steps.length, inputs.size, outputs.length, FINGERPRINT]);
  const layouts = new Map(program.parameters.map((parameter) => [parameter.value, parameter.layout]));
  const slots = new Map([...[...inputs.values()].entries(), ...outputs.entries()].map(([i, id]) => [id, i]));
  values.forEach((value, id) => {
    const layout = LAYOUTS.indexOf(layouts.get(id) ?? "rows");
    words.set(encodeValue(value, layout, slots.get(id) ?? -1), start + id * VALUE_FIELDS.length);
  });
  const firstStep = start + values.length * VALUE_FIELDS.length;
  steps.forEach((step, i) => void words.set(encodeStep(step), firstStep + i * STEP_WORDS));
  return words;
}

/** The sizes of a run in the order of SIZE_NAMES; -1 for one that is not given. */
export function encodeSizes(sizes: Sizes): Int32Array {
  return Int32Array.from(SIZE_NAMES, (name) => sizes[name] ?? -1);
}

function encodeValue(value: ProgramValue, layout: number, slot: number): number[] {
  const { rows, columns } = asMatrix(value.shape);
  const free = typeof rows === "string";
  const plusOne = free && rows.endsWith("+1");
  const size = free ? SIZE_NAMES.indexOf((plusOne ? rows.slice(0, -2) : rows) as SizeName) : -1;
  const count = free ? Number(plusOne) : (rows as number);
  const { of, column } = value.view ?? { of: -1, column: 0 };
  const type = ELEMENT_TYPES.indexOf(value.type);
  return [PLACES.indexOf(value.place), type, layout, size, count, columns, of, column, slot];
}

function encodeStep(step: Step): number[] {
  const { op } = step;
  const slots = inputSlots(op).map(({ name, optional }) => {
    const value = (step.inputs as Record<string, number>)[name];
    if (value === undefined && !optional) throw new BackendError(`${op} lacks its input "${name}".`);
    return value ?? -1;
  });
  const results = OP_TABLE[op].outputs.map((name) => (step.outputs as Record<string, number>)[name] ?? -1);
  const attributes = Object.entries(OP_TABLE[op].attributes).map(([name, kind]) =>
    encodeAttribute(kind, (step.attributes as Record<string, number | string>)[name] as number | string),
  );
  if (slots.length > MAX_INPUTS || results.length > MAX_OUTPUTS || attributes.length > MAX_ATTRIBUTES) {
    throw new BackendError(`${op} has more operands than the interpreter's records hold.`);
  }
  return [
    OP_NAMES.indexOf(op),
    ...pad(slots, MAX_INPUTS),
    ...pad(results, MAX_OUTPUTS),
    ...pad(attributes, MAX_ATTRIBUTES),
  ];
}

/** Integers as they are, floats by their bits, words by their index. */
function encodeAttribute(kind: string | readonly string[], value: number | string): number {
  if (typeof kind !== "string") return kind.indexOf(value as string);
  if (kind === "integer") return value as number;
  return new Int32Array(Float32Array.of(value as number).buffer)[0] as number;
}

function pad(numbers: readonly number[], length: number): number[] {
  return [...numbers, ...new Array<number>(Math.max(0, length - numbers.length)).fill(-1)];
}

/** The values that a program's outputs name, each once: two names may be of one value. */
export function distinctOutputs(program: Program): readonly number[] {
  return [...new Set(program.outputs.values())];
}
