import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../src/backends/backend.ts";
import { OP_NAMES } from "../../src/backends/op-table.ts";
import { ReferenceBackend } from "../../src/backends/reference/reference.ts";
import { opCases } from "../../src/backends/self-check/op-cases.ts";
import type { OpCase } from "../../src/backends/self-check/operand-maker.ts";
import { relativeDifference, runCase, toleranceOf } from "../../src/backends/self-check/self-check.ts";
import { runnableForms } from "../support/backends.ts";

const cases = opCases();
const reference = new ReferenceBackend();
const expected = new Map<string, Promise<Float32Array>>();

function expectedOf(testCase: OpCase): Promise<Float32Array> {
  const result = expected.get(testCase.name) ?? runCase(reference, testCase);
  expected.set(testCase.name, result);
  return result;
}

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
    const isWrong = (name: string) => form.wrongIn !== undefined && op === "linear" && name.includes(form.wrongIn);
    for (const testCase of cases.filter((it) => it.op === op && !isWrong(it.name))) {
      const actual = await runCase(backend, testCase);
      const difference = relativeDifference(actual, await expectedOf(testCase));
      expect(difference, testCase.name).toBeLessThanOrEqual(toleranceOf(testCase));
    }
  });
});
