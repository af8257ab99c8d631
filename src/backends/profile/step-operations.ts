import type { Program, ProgramValue, RunInputs, Sizes, Step } from "../backend.ts";
import { asMatrix, resolveDimension } from "../shape.ts";

/** The multiply-adds of one step, times two; undefined for steps that are not bound by arithmetic. */
export type StepOperations = (inputs: RunInputs, sizes: Sizes) => number;

/** Of products and attention; their pointwise ends are left out. */
export function stepOperations(program: Program, step: Step): StepOperations | undefined {
  const matrix = (id: number) => asMatrix((program.values[id] as ProgramValue).shape);
  if (step.op === "linear") {
    const { rows, columns: depth } = matrix(step.inputs.x as number);
    const { columns } = matrix(step.outputs.y);
    return (_, sizes) => 2 * resolveDimension(rows, sizes) * depth * columns;
  }
  if (step.op === "matmul") {
    const { transposeA } = step.attributes;
    const a = matrix(step.inputs.a as number);
    const y = matrix(step.outputs.y);
    const depth = transposeA === 1 ? a.rows : a.columns;
    return (_, sizes) => 2 * resolveDimension(y.rows, sizes) * y.columns * resolveDimension(depth, sizes);
  }
  if (step.op === "attention") {
    const { window } = step.attributes;
    const width = matrix(step.outputs.y).columns;
    const offsets = (program.values[step.inputs.offsets as number] as ProgramValue).name;
    return (inputs) => 4 * width * pairs(inputs[offsets] as Int32Array, window);
  }
  if (step.op === "attentionScores" || step.op === "attentionMix") {
    const of = step.op === "attentionScores" ? step.inputs.q : step.inputs.v;
    const width = matrix(of as number).columns;
    return (_, sizes) => 2 * width * resolveDimension("pairs", sizes);
  }
  return undefined;
}

/** Of each text, the pairs of a query and a key that it sees. */
function pairs(offsets: Int32Array, window: number): number {
  let sum = 0;
  for (let text = 0; text + 1 < offsets.length; text++) {
    const length = (offsets[text + 1] as number) - (offsets[text] as number);
    sum += length * length;
    // Beyond the window lie two triangles whose sides are this long.
    const beyond = window < 0 ? 0 : Math.max(0, length - 1 - window);
    sum -= beyond * (beyond + 1);
  }
  return sum;
}
