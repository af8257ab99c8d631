import fc from "fast-check";
import { expect, it } from "vitest";
import { bestSpans, type SpanRules, type WindowSpans } from "./answer-spans.ts";

/** Every span of every window, sorted; nothing else is clever here. */
function bruteForce(windows: readonly WindowSpans[], { top, maxTokens, threshold }: SpanRules) {
  const all = new Map<string, { start: number; end: number; logit: number; rank: number }>();
  for (const { offsets, starts, ends } of windows) {
    for (const [i, [start]] of offsets.entries()) {
      for (const [j, [, end]] of offsets.entries()) {
        const logit = starts[i]! + ends[j]!;
        if (j < i || j - i >= maxTokens || logit <= (all.get(`${start} ${end}`)?.logit ?? -Infinity)) continue;
        all.set(`${start} ${end}`, { start, end, logit, rank: logit });
      }
    }
  }
  const none = Math.min(...windows.map(({ none }) => (none === undefined ? Infinity : none.start + none.end)));
  if (none < Infinity) all.set("none", { start: 0, end: 0, logit: none, rank: none - threshold });
  const sum = (numbers: ArrayLike<number>, none?: number) =>
    [...Array.from(numbers), ...(none === undefined ? [] : [none])].reduce((total, x) => total + Math.exp(x), 0);
  const total = windows
    .map(({ starts, ends, none }) => sum(starts, none?.start) * sum(ends, none?.end))
    .reduce((a, b) => a + b, 0);
  return [...all.values()]
    .sort((a, b) => b.rank - a.rank || a.start - b.start || a.end - b.end)
    .slice(0, top)
    .map(({ start, end, logit }) => ({ start, end, score: expect.closeTo(Math.exp(logit) / total, 9) }));
}

it("equals brute force over all spans and windows", () => {
  const logit = fc.integer({ min: -4, max: 4 }); // whole numbers: many are equal
  const row = (length: number) => fc.array(logit, { minLength: length, maxLength: length });
  const shapes = fc.record({
    tokens: fc.integer({ min: 1, max: 12 }),
    size: fc.integer({ min: 1, max: 6 }),
    stride: fc.nat(5),
  });
  const windows = shapes.chain(({ tokens, size, stride }) => {
    const step = Math.max(1, size - stride);
    const count = Math.max(1, Math.ceil((tokens - size) / step) + 1);
    return fc.tuple(
      ...Array.from({ length: count }, (_, w) => {
        const from = w * step;
        const length = Math.min(size, tokens - from);
        const offsets = Array.from({ length }, (_, i) => [2 * (from + i), 2 * (from + i) + 1] as const);
        const none = fc.record({ start: logit, end: logit });
        return fc.record({ offsets: fc.constant(offsets), starts: row(length), ends: row(length), none });
      }),
    );
  });
  const rules = fc.record({
    top: fc.integer({ min: 1, max: 30 }),
    maxTokens: fc.integer({ min: 1, max: 7 }),
    threshold: logit,
  });
  fc.assert(
    fc.property(windows, rules, fc.boolean(), (windows, rules, noAnswer) => {
      const given = windows.map((window) => (noAnswer ? window : { ...window, none: undefined }));
      expect(bestSpans(given, rules)).toEqual(bruteForce(given, rules));
    }),
    { numRuns: 300 },
  );
});

it("leaves tokens without text out", () => {
  const window = {
    offsets: [
      [0, 0],
      [0, 2],
    ] as const,
    starts: [9, 1],
    ends: [9, 1],
    none: undefined,
  };
  expect(bestSpans([window], { top: 3, maxTokens: 1, threshold: 0 }).map(({ start, end }) => [start, end])).toEqual([
    [0, 2],
  ]);
});
