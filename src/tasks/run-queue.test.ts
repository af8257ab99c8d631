import { expect, it } from "vitest";
import { RunQueue } from "./run-queue.ts";

it("starts runs in order, as many at a time as it is wide", async () => {
  const queue = new RunQueue(2);
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const runs = [0, 1, 2].map((i) =>
    queue.add(
      () =>
        new Promise<number>((resolve) => {
          started.push(i);
          finish[i] = () => resolve(i);
        }),
    ),
  );
  await new Promise(setImmediate);
  expect(started).toEqual([0, 1]);
  finish[0]?.();
  expect(await runs[0]).toBe(0);
  await new Promise(setImmediate);
  expect(started).toEqual([0, 1, 2]);
  expect(queue.isIdle).toBe(false);
  finish[1]?.();
  finish[2]?.();
  await Promise.all(runs);
  expect(queue.isIdle).toBe(true);
});

it("goes on after a run that fails", async () => {
  const queue = new RunQueue(1);
  const failed = queue.add(() => Promise.reject(new Error("no")));
  const next = queue.add(async () => "yes");
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("yes");
});
