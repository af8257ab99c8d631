import { describe, expect, test } from "vitest";
import { BackendError } from "../errors.ts";
import type { Program, ProgramValue } from "./backend.ts";
import { checkInputs, checkProgram } from "./check-inputs.ts";

/** A gather from a table, a pooling, and scores of pairs: every kind of input that is checked. */
function program(changes: { [name: string]: Partial<ProgramValue> } = {}): Program {
  const values: ProgramValue[] = [
    { name: "table", shape: [10, 4], type: "f32", place: "parameter" },
    { name: "ids", shape: ["tokens"], type: "i32", place: "input", bound: 10 },
    { name: "x", shape: ["tokens", 4], type: "f32", place: "arena" },
    { name: "offsets", shape: ["texts+1"], type: "i32", place: "input", covers: "tokens" },
    { name: "pairOffsets", shape: ["texts+1"], type: "i32", place: "input", covers: "pairs" },
    { name: "scores", shape: ["pairs", 2], type: "f32", place: "output" },
    { name: "rows", shape: ["rows"], type: "i32", place: "input", bound: "tokens" },
    { name: "selected", shape: ["rows", 4], type: "f32", place: "output" },
  ];
  const attributes = { heads: 2, keyHeads: 2, scale: 1, window: -1 };
  return {
    values: values.map((value) => ({ ...value, ...changes[value.name] })),
    steps: [
      { op: "embedding", inputs: { table: 0, ids: 1 }, outputs: { y: 2 }, attributes: {} },
      { op: "attentionScores", inputs: { q: 2, k: 2, offsets: 3, pairOffsets: 4 }, outputs: { y: 5 }, attributes },
      { op: "gatherRows", inputs: { x: 2, index: 6 }, outputs: { y: 7 }, attributes: {} },
    ],
    parameters: [{ parts: ["table"], shape: [10, 4], layout: "rows", value: 0 }],
    inputs: new Map([
      ["ids", 1],
      ["offsets", 3],
      ["pairOffsets", 4],
      ["rows", 6],
    ]),
    outputs: new Map([
      ["scores", 5],
      ["selected", 7],
    ]),
    plan: () => ({ bytes: 0, offsets: new Float64Array(8) }),
  };
}

const sizes = { tokens: 3, texts: 2, pairs: 5, rows: 2 };
const inputs = {
  ids: Int32Array.of(0, 9, 4),
  offsets: Int32Array.of(0, 1, 3),
  pairOffsets: Int32Array.of(0, 1, 5),
  rows: Int32Array.of(2, 0),
};

test("inputs that fit pass", () => {
  expect(() => checkInputs(program(), inputs, sizes)).not.toThrow();
});

describe("refused, by name, index and value", () => {
  test.each([
    ["an id that is too large", { ids: Int32Array.of(0, 10, 4) }, 'Input "ids" holds 10 at index 1; expected 0 ... 9.'],
    ["a negative id", { ids: Int32Array.of(0, 1, -1) }, 'Input "ids" holds -1 at index 2'],
    ["a row beyond the batch", { rows: Int32Array.of(2, 3) }, 'Input "rows" holds 3 at index 1; expected 0 ... 2.'],
    ["offsets that do not start at 0", { offsets: Int32Array.of(1, 1, 3) }, 'Input "offsets" holds 1 at index 0'],
    ["offsets that descend", { offsets: Int32Array.of(0, 4, 3) }, 'Input "offsets" holds 3 at index 2'],
    [
      "offsets that end early",
      { offsets: Int32Array.of(0, 1, 2) },
      'Input "offsets" ends with 2 at index 2; the run has 3 tokens.',
    ],
    ["pairs that are not squares", { pairOffsets: Int32Array.of(0, 2, 5) }, 'Input "pairOffsets" gives text 0 2 pairs'],
    ["too few ids", { ids: Int32Array.of(0, 1) }, 'Input "ids" has 2 numbers; [tokens] are 3.'],
    ["floats for integers", { ids: Float32Array.of(0, 1, 2) }, 'Input "ids" must be Int32Array.'],
    ["an unknown input", { words: Int32Array.of(0) }, 'The program has no input "words"; it has ids, offsets'],
  ])("%s", (_what, changed, message) => {
    expect(() => checkInputs(program(), { ...inputs, ...changed }, sizes)).toThrow(message);
    expect(() => checkInputs(program(), { ...inputs, ...changed }, sizes)).toThrow(BackendError);
  });

  test("a missing input", () => {
    const { ids: _, ...rest } = inputs;
    expect(() => checkInputs(program(), rest, sizes)).toThrow('Input "ids" is missing.');
  });

  test.each([-1, 1.5, Number.NaN])("a size of %s", (tokens) => {
    expect(() => checkInputs(program(), inputs, { ...sizes, tokens })).toThrow(`Size "tokens" is ${tokens}`);
  });
});

describe("programs whose inputs could not be checked are refused", () => {
  test("offsets that say nothing of what they cover", () => {
    const { covers: _, ...bare } = program().values[3] as ProgramValue;
    const values = program().values.map((value) => (value.name === "offsets" ? bare : value));
    expect(() => checkProgram({ ...program(), values })).toThrow('"offsets" must be an input that covers tokens');
  });

  test("offsets that cover other rows than those they divide", () => {
    expect(() => checkProgram(program({ offsets: { covers: "rows" } }))).toThrow("must be an input that covers tokens");
  });

  test("ids that a step computes", () => {
    expect(() => checkProgram(program({ ids: { place: "arena" } }))).toThrow("Ids must be inputs or constants");
  });

  test("constant ids beyond their table", () => {
    const constant = { place: "constant", shape: [3], data: Int32Array.of(0, 12, 1) } as const;
    expect(() => checkProgram(program({ ids: constant }))).toThrow('Constant "ids" holds 12 at index 1');
  });
});

describe("labels of a loss", () => {
  const values: ProgramValue[] = [
    { name: "logits", shape: ["rows", 4], type: "f32", place: "input" },
    { name: "labels", shape: ["rows"], type: "i32", place: "input" },
    { name: "loss", shape: ["rows", 1], type: "f32", place: "output" },
  ];
  const loss: Program = {
    ...program(),
    values,
    steps: [{ op: "crossEntropy", inputs: { logits: 0, labels: 1 }, outputs: { y: 2 }, attributes: { smoothing: 0 } }],
    parameters: [],
    inputs: new Map([
      ["logits", 0],
      ["labels", 1],
    ]),
    outputs: new Map([["loss", 2]]),
  };
  const run = (...labels: number[]) => {
    return () => checkInputs(loss, { logits: new Float32Array(8), labels: Int32Array.from(labels) }, { rows: 2 });
  };

  test("may be missing, and not beyond the classes", () => {
    expect(run(3, -100)).not.toThrow();
    expect(run(-1, 4)).toThrow('Input "labels" holds label 4 at index 1; there are 4 classes');
  });
});
