import fc from "fast-check";
import { expect, test } from "vitest";
import type { ProgramValue, Step } from "../backends/backend.ts";
import { byteLength, Planner } from "./plan.ts";

/** A chain of `affine` steps where step i reads `reads[i]` (an earlier value) and writes value i + 1. */
function chain(reads: readonly number[]): { values: ProgramValue[]; steps: Step[] } {
  const values: ProgramValue[] = reads.map((_, i) => ({
    shape: ["tokens", 3 + i],
    type: "f32",
    place: "arena",
    name: `${i}`,
  }));
  values.push({ shape: ["tokens", 5], type: "f32", place: "arena", name: "last" });
  const steps = reads.map(
    (read, i) =>
      ({ op: "affine", inputs: { x: read }, outputs: { y: i + 1 }, attributes: { factor: 1, term: 0 } }) as Step,
  );
  return { values, steps };
}

const anyChain = fc
  .array(fc.nat(), { minLength: 1, maxLength: 30 })
  .map((picks) => picks.map((pick, i) => pick % (i + 1)));

test("values that live at the same time never overlap, and dead ones are reused", () => {
  fc.assert(
    fc.property(anyChain, fc.integer({ min: 1, max: 1000 }), (reads, tokens) => {
      const { values, steps } = chain(reads);
      const { bytes, offsets } = new Planner(values, steps).plan({ tokens });
      const lastUse = values.map((_, id) => Math.max(...steps.map((step, i) => (touches(step, id) ? i : -1))));
      const firstUse = values.map((_, id) => steps.findIndex((step) => touches(step, id)));
      for (let a = 0; a < values.length; a++) {
        for (let b = a + 1; b < values.length; b++) {
          const together =
            firstUse[a]! <= lastUse[b]! && firstUse[b]! <= lastUse[a]! && lastUse[a]! >= 0 && lastUse[b]! >= 0;
          if (!together) continue;
          const [startA, startB] = [offsets[a]!, offsets[b]!];
          const apart =
            startA + byteLength(values[a]!, { tokens }) <= startB ||
            startB + byteLength(values[b]!, { tokens }) <= startA;
          expect(apart).toBe(true);
        }
      }
      for (const [id, value] of values.entries()) {
        if (offsets[id]! >= 0) expect(offsets[id]! + byteLength(value, { tokens })).toBeLessThanOrEqual(bytes);
      }
    }),
  );
});

test("a straight chain needs room for two values, not for all", () => {
  const { values, steps } = chain(Array.from({ length: 20 }, (_, i) => i));
  const { bytes } = new Planner(values, steps).plan({ tokens: 64 });
  const largest = Math.max(...values.map((value) => byteLength(value, { tokens: 64 })));
  expect(bytes).toBeLessThan(3 * largest);
});

test("runs of nearly the same size share a plan", () => {
  const { values, steps } = chain([0, 1]);
  const planner = new Planner(values, steps);
  expect(planner.plan({ tokens: 1000 })).toBe(planner.plan({ tokens: 1020 }));
  expect(planner.plan({ tokens: 1000 })).not.toBe(planner.plan({ tokens: 1030 }));
});

function touches(step: Step, id: number): boolean {
  return Object.values<number>(step.inputs).includes(id) || Object.values<number>(step.outputs).includes(id);
}
