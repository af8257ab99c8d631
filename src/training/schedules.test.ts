import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeShared } from "../../tests/support/shared.ts";
import { learningRates, type ScheduleName } from "./schedules.ts";

const rates = (schedule: ScheduleName, more: object = {}) => {
  const at = learningRates({ schedule, rate: 2, steps: 10, warmup: 2, ...more });
  return Array.from({ length: 11 }, (_, step) => Number(at(step).toFixed(6)));
};

it("warm-up, then the fall that was asked for", () => {
  expect(rates("linear")).toEqual([1, 2, 2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0]);
  expect(rates("constant")).toEqual([1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
  expect(rates("cosine").slice(2, 7)).toEqual([2, 1.92388, 1.707107, 1.382683, 1]);
  expect(rates("warmup-stable-decay", { decay: 4 })).toEqual([1, 2, 2, 2, 2, 2, 2, 1, 0.585786, 0.267949, 0]);
  expect(rates("linear", { floor: 0.5 }).slice(-2)).toEqual([1.125, 1]);
});

it("warm-up and decay may be shares, rounded down", () => {
  expect(rates("linear", { warmup: 0.25 })).toEqual(rates("linear"));
  expect(rates("warmup-stable-decay", { warmup: 0, decay: 0.4 }).slice(0, 7)).toEqual([2, 2, 2, 2, 2, 2, 2]);
  expect(learningRates({ rate: 1, steps: 5 })(0)).toBe(1);
});

it("refuses numbers that make no sense", () => {
  expect(() => rates("linear", { warmup: 11 })).toThrow("warmup is 11; expected a share below 1, or 1 to 10 steps.");
  expect(() => rates("linear", { steps: 0 })).toThrow("steps is 0; expected a whole number above 0.");
  expect(() => rates("warmup-stable-decay", { decay: 9 })).toThrow(
    "2 steps of warm-up and 9 of decay are more than 10",
  );
});

describeShared("the rates of the reference's runs", "goldens/training/bert/a/mlm/run.json", (path) => {
  it("are the same, step by step", () => {
    const steps = JSON.parse(readFileSync(path, "utf8")) as { step: number; learning_rate: number }[];
    const at = learningRates({ rate: 3e-3, steps: 8, warmup: 2 });
    expect(steps).toHaveLength(8);
    for (const { step, learning_rate } of steps) expect(at(step)).toBeCloseTo(learning_rate, 12);
  });
});
