import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../src/backends/backend.ts";
import { OP_NAMES } from "../../src/backends/op-table.ts";
import { ReferenceBackend } from "../../src/backends/reference/reference.ts";
import { opCases } from "../../src/backends/self-check/op-cases.ts";
import { relativeDifference, runCase, SELF_CHECK_TOLERANCE } from "../../src/backends/self-check/self-check.ts";
import { runnableForms } from "../support/backends.ts";

const cases = opCases();
const expected = new Map<string, Float32Array>();

beforeAll(async () => {
  const reference = new ReferenceBackend();
  for (const testCase of cases) expected.set(testCase.name, await runCase(reference, testCase));
});

test("every operation has cases, each with a name of its own", () => {
  expect(new Set(cases.map(({ op }) => op))).toEqual(new Set(OP_NAMES));
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

describe.each(runnableForms())("$name computes what the reference computes", (form) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await form.start();
  });
  afterAll(() => backend.close());

  test.each(OP_NAMES)("%s", async (op) => {
    for (const testCase of cases.filter((it) => it.op === op)) {
      const actual = await runCase(backend, testCase);
      const difference = relativeDifference(actual, expected.get(testCase.name) as Float32Array);
      expect(difference, testCase.name).toBeLessThanOrEqual(SELF_CHECK_TOLERANCE);
    }
  });
});
