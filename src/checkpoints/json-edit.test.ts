import fc from "fast-check";
import { expect, test } from "vitest";
import { editJson } from "./json-edit.ts";
import type { JsonObject } from "./json-files.ts";

test("values change where they stand; numbers that JavaScript would respell stay", () => {
  const text = '{\n  "eps": 1e-05,\n  "dropout": 0.0,\n  "labels": {\n    "0": "A, } b"\n  },\n  "layers": 2\n}\n';
  expect(editJson(text, { layers: 3, labels: { "0": "B", "1": "C" } })).toBe(
    '{\n  "eps": 1e-05,\n  "dropout": 0.0,\n  "labels": {\n    "0": "B",\n    "1": "C"\n  },\n  "layers": 3\n}\n',
  );
  expect(editJson(text, { "new key": [1] })).toContain('"layers": 2,\n  "new key": [\n    1\n  ]\n}\n');
  expect(editJson(text, {})).toBe(text);
  expect(editJson("{}", { a: 1 })).toBe('{\n  "a": 1\n}');
});

test("the edited text always parses to the edited object", () => {
  const value = fc.jsonValue().filter((json) => json !== undefined);
  const object = fc.dictionary(fc.string(), value);
  fc.assert(
    fc.property(object, object, fc.constantFrom(undefined, 2, "\t"), (json, changes, indent) => {
      const text = JSON.stringify(json, null, indent);
      const edited: unknown = JSON.parse(editJson(text, changes as JsonObject));
      expect(edited).toEqual(JSON.parse(JSON.stringify({ ...json, ...changes })));
    }),
    { numRuns: 300 },
  );
});
