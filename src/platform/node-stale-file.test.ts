import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { isProcessAlive, removeStale } from "./node-stale-file.ts";

test("what still holds what was found is removed; what was written meanwhile is put back", () => {
  const folder = temporaryFolder({ lock: "new owner" });
  const file = join(folder, "lock");
  expect(removeStale(file, "old owner")).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("new owner");
  expect(removeStale(file, "new owner")).toBe(true);
  expect(removeStale(file, "new owner")).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test("processes that run and that have ended", () => {
  expect(isProcessAlive(process.pid)).toBe(true);
  expect(isProcessAlive(spawnSync("true").pid)).toBe(false);
});
