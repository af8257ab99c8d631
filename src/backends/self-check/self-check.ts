import type { Backend } from "../backend.ts";
import { OP_NAMES, type OpName } from "../op-table.ts";
import { ReferenceBackend } from "../reference/reference.ts";
import { opCases } from "./op-cases.ts";
import type { OpCase } from "./operand-maker.ts";
import { singleStepProgram } from "./single-step.ts";

/** How far an operation may be from the reference: |difference| <= this x max(1, the result's largest). */
export const SELF_CHECK_TOLERANCE = 1e-5;

export interface OpCheck {
  readonly op: OpName;
  readonly passed: boolean;
  readonly cases: number;
  /** |difference| / max(1, the result's largest) of the case nearest to its tolerance, or furthest beyond; NaN counts as infinite. */
  readonly worst: number;
  readonly worstCase: string;
}

/** Runs cases of every operation on `backend` and on the reference, and compares. */
export async function selfCheck(
  backend: Backend,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<OpCheck[]> {
  const reference = new ReferenceBackend();
  const found = new Map<OpName, { cases: number; share: number; worst: number; worstCase: string }>();
  for (const testCase of opCases()) {
    options.signal?.throwIfAborted();
    const worst = relativeDifference(await runCase(backend, testCase), await runCase(reference, testCase));
    const share = worst / toleranceOf(testCase);
    const before = found.get(testCase.op) ?? NONE;
    const now = share > before.share ? { share, worst, worstCase: testCase.name } : before;
    found.set(testCase.op, { ...now, cases: before.cases + 1 });
  }
  return OP_NAMES.map((op) => {
    const { share, ...check } = found.get(op) ?? { ...NONE, share: Number.POSITIVE_INFINITY };
    return { op, passed: share <= 1, ...check };
  });
}

const NONE = { cases: 0, share: -1, worst: Number.POSITIVE_INFINITY, worstCase: "no case" };

/** How far the result of a case may be from the reference's. */
export function toleranceOf({ tolerance = SELF_CHECK_TOLERANCE }: OpCase): number {
  return tolerance;
}

/** The result of one case on one backend. */
export async function runCase(backend: Backend, testCase: OpCase): Promise<Float32Array> {
  const { program, source, inputs } = singleStepProgram(testCase);
  const parameters = backend.createParameters(source);
  try {
    const { y } = await backend.compile(program, parameters).run(inputs, testCase.sizes);
    return y as Float32Array;
  } finally {
    parameters.close();
  }
}

/** Largest |difference| / max(1, the largest expected); infinite when a number is missing, or NaN on one side only. */
export function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [largest, worst] = [1, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    if (Object.is(a, b)) continue;
    const difference = Math.abs(a - b);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
    if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
  }
  return worst / largest;
}
