import { expect, test } from "vitest";
import type { InputReader } from "../../tasks/read-input.ts";
import type { ClassLabels } from "./class-labels.ts";
import { multiLabelTask, type TargetExample } from "./classify-task.ts";

test("thresholds that would lower the F1 of all labels together are not taken", () => {
  const task = multiLabelTask({} as InputReader, { names: ["often", "rare"], config: {} } as unknown as ClassLabels);
  // "often" is told well; the one row of "rare" has the lowest score, so that its best threshold takes every row.
  const rows = Array.from({ length: 100 }, (_, i) => ({ often: i % 2 === 0, rare: i === 99 }));
  const examples = rows.map(
    ({ often, rare }) => ({ targets: [Number(often), Number(rare)] }) as unknown as TargetExample,
  );
  const logits = rows.map(({ often, rare }) => [often ? 3 : -3, rare ? -9 : -1]);
  expect(task.fitScores!(examples, logits)).toEqual({ thresholds: [0.5, 0.5] });
  const helpful = rows.map(({ often, rare }) => [often ? -2 : -3, rare ? -2 : -9]);
  const fit = task.fitScores!(examples, helpful);
  expect(task.judge(examples, helpful, [], fit).metrics.f1_micro).toBe(1);
  expect(task.judge(examples, helpful, []).metrics.f1_micro).toBe(0);
});
