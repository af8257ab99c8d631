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

test("10^5 files: no crash, no file wrongly accepted, none wrongly refused", () => {
  fc.assert(fc.property(validFile, checkValid), { numRuns: 25_000 });
  fc.assert(fc.property(faultyFile, checkFaulty), { numRuns: 50_000 });
  fc.assert(fc.property(damagedBytes, checkDamaged), { numRuns: 25_000 });
});
