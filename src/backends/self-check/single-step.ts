import type {
  Dtype,
  Layout,
  Program,
  ProgramParameter,
  ProgramValue,
  RunInputs,
  Shape,
  SizeName,
  Sizes,
  Step,
  TensorSource,
} from "../backend.ts";
import type { OpName } from "../op-table.ts";

/** What a step reads: numbers that come with the run, as a parameter, as a constant, or as columns of a wider input. */
export interface Operand {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
  readonly place: "input" | "parameter" | "constant" | "view";
  readonly layout?: Layout;
  /** place = "parameter": what it is kept in; default f32. */
  readonly dtype?: Dtype;
  readonly bound?: number | SizeName;
  readonly covers?: SizeName;
  /** place = "view": the first of its columns in `of`, an input; `data` is that of `of`. */
  readonly column?: number;
  readonly of?: Operand;
}

/** One operation with its operands: the smallest program there is. */
export interface SingleStep {
  readonly op: OpName;
  readonly operands: { readonly [slot: string]: Operand };
  readonly attributes: { readonly [name: string]: number | string };
  /** Shape of the result. */
  readonly result: Shape;
  /** The operand that the step changes where it lies, a parameter: the result is then what it holds afterwards. */
  readonly changed?: string;
  readonly sizes: Sizes;
}

export interface RunnableStep {
  readonly program: Program;
  readonly source: TensorSource;
  readonly inputs: RunInputs;
}

/** The step as a program with one output, "y", and what it takes to run it. */
export function singleStepProgram({ op, operands, attributes, result, changed }: SingleStep): RunnableStep {
  const values: ProgramValue[] = [];
  const parameters: ProgramParameter[] = [];
  const numbers = new Map<Operand, number>();
  const inputs = new Map<string, number>();
  const data: { [name: string]: Int32Array | Float32Array } = {};

  const add = (name: string, operand: Operand): number => {
    const known = numbers.get(operand);
    if (known !== undefined) return known;
    const view = operand.of && { of: add(`${name} whole`, operand.of), column: operand.column ?? 0 };
    const value = values.length;
    numbers.set(operand, value);
    values.push(operandValue(name, operand, view));
    if (operand.place === "input") {
      inputs.set(name, value);
      data[name] = operand.data;
    }
    if (operand.place === "parameter") {
      const layout = operand.layout ?? "rows";
      parameters.push({ parts: [name], shape: operand.shape as readonly number[], layout, value });
    }
    return value;
  };

  const slots = Object.fromEntries(Object.entries(operands).map(([slot, operand]) => [slot, add(slot, operand)]));
  const output = (name: string, shape: Shape) => values.push({ shape, type: "f32", place: "output", name }) - 1;
  const y = output("y", result);
  const outputs = new Map([["y", y]]);
  if (changed !== undefined) outputs.set("done", output("done", [1]));
  const steps = [{ op, inputs: slots, outputs: { y: outputs.get("done") ?? y }, attributes } as unknown as Step];
  if (changed !== undefined) steps.push(copyStep(slots[changed] as number, y));
  const plan = { bytes: 0, offsets: new Float64Array(values.length).fill(-1) };
  const program: Program = {
    values,
    steps,
    parameters,
    inputs,
    outputs,
    plan: () => plan,
  };
  return { program, source: (name) => storedOperand(name, operands[name] as Operand), inputs: data };
}

/** Adding -0 leaves every number as it is. */
function copyStep(x: number, y: number): Step {
  return { op: "affine", inputs: { x }, outputs: { y }, attributes: { factor: 1, term: -0 } };
}

function operandValue(name: string, operand: Operand, view: ProgramValue["view"]): ProgramValue {
  const { shape, place, data, bound, covers, dtype = "f32" } = operand;
  return {
    shape,
    place,
    name,
    type: data instanceof Int32Array ? "i32" : dtype,
    ...(place === "constant" ? { data } : {}),
    ...(view === undefined ? {} : { view }),
    ...(bound === undefined ? {} : { bound }),
    ...(covers === undefined ? {} : { covers }),
  };
}

function storedOperand(name: string, { data, shape }: Operand): ReturnType<TensorSource> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const type = data instanceof Int32Array ? "I32" : "F32";
  return { name, type, shape: shape as readonly number[], read: () => bytes };
}
