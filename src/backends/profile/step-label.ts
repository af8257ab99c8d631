import type { Dtype, Program, ProgramValue, Sizes, Step } from "../backend.ts";
import { asMatrix, resolveDimension } from "../shape.ts";

/** What a step multiplies with, if it does: the type whose peak is its limit. */
export function multiplierOf(program: Program, step: Step): Dtype {
  const weight = step.op === "linear" ? program.values[step.inputs.weight as number] : undefined;
  return weight?.type === "bf16" || weight?.type === "int8" ? weight.type : "f32";
}

/** A step in a few words, the same for all that do the same: "linear 384 -> 1536, gelu, bf16". */
export function stepLabel(program: Program, step: Step): string {
  const { columns } = matrixOf(program, step.outputs.y);
  if (step.op === "attention") return `attention, ${step.attributes.heads} heads of ${columns / step.attributes.heads}`;
  if (step.op !== "linear") return `${step.op} ${columns}`;
  const depth = matrixOf(program, step.inputs.x as number).columns;
  const { activation } = step.attributes;
  const multiplier = multiplierOf(program, step);
  const details = [
    `linear ${depth} -> ${columns}`,
    ...(activation === "none" ? [] : [activation]),
    ...(step.inputs.residual === undefined ? [] : ["residual"]),
    ...(multiplier === "f32" ? [] : [multiplier]),
  ];
  return details.join(", ");
}

/** The shapes of a step's operands in one run, by slot: { x: "512 x 384", weight: "1536 x 384 int8", y: "512 x 1536" }. */
export function stepShapes(program: Program, step: Step, sizes: Sizes): { [slot: string]: string } {
  const operands = Object.entries<number>({ ...step.inputs, ...step.outputs });
  return Object.fromEntries(
    operands.map(([slot, id]) => {
      const { rows, columns } = matrixOf(program, id);
      const { type } = program.values[id] as ProgramValue;
      return [slot, `${resolveDimension(rows, sizes)} x ${columns}${type === "f32" ? "" : ` ${type}`}`];
    }),
  );
}

function matrixOf(program: Program, id: number) {
  return asMatrix((program.values[id] as ProgramValue).shape);
}
