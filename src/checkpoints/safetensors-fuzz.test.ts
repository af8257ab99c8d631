import fc from "fast-check";
import { test } from "vitest";
import {
  checkDamaged,
  checkFaulty,
  checkValid,
  damagedBytes,
  faultyFile,
  validFile,
} from "../../tests/support/safetensors-fuzz.ts";

/** The slow suite runs the same properties 10^5 times. */
const numRuns = 500;

test("valid files are read as they were written", () => fc.assert(fc.property(validFile, checkValid), { numRuns }));
test("files with one fault are refused", () => fc.assert(fc.property(faultyFile, checkFaulty), { numRuns }));
test("damaged files are read or refused", () => fc.assert(fc.property(damagedBytes, checkDamaged), { numRuns }));
