import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The part of vitest's JSON report that is read here. */
interface TestReport {
  testResults: {
    name: string;
    status: string;
    assertionResults: { fullName: string; title: string; status: string }[];
  }[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const shared = resolve(root, process.env.CLOZE_SHARED ?? "../shared");
const folder = join(root, "build/tests");

/** Skips that are right on some machines: another processor, a program that is not installed. */
const ACCEPTED = /^not on this machine:/;

/**
 * Sums up the test runs that left a report in build/tests, lists what was skipped and why, and fails when a test was
 * skipped that has all it needs: with the shared folder there, everything has.
 */
const counts = { passed: 0, failed: 0, skipped: 0 };
const faults: string[] = [];
const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
if (files.length === 0) faults.push("no test run has left a report in build/tests");
for (const file of files) {
  const report = JSON.parse(readFileSync(join(folder, file), "utf8")) as TestReport;
  for (const { name, status, assertionResults } of report.testResults) {
    const path = relative(root, name);
    if (status === "failed" && assertionResults.every((test) => test.status !== "failed")) {
      counts.failed++;
      faults.push(`${path} could not be run`);
    }
    for (const test of assertionResults) count(path, test);
  }
}
for (const fault of faults) console.error(`FAIL ${fault}`);
const { passed, failed, skipped } = counts;
if (passed === 0) faults.push("no test passed");
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = faults.length === 0 && failed === 0 ? 0 : 1;

function count(path: string, { fullName, title, status }: TestReport["testResults"][0]["assertionResults"][0]): void {
  if (status === "passed") counts.passed++;
  else if (status === "failed") {
    counts.failed++;
    faults.push(`${path}: ${fullName}`);
  } else {
    counts.skipped++;
    console.log(`skipped  ${path}: ${fullName}`);
    if (existsSync(shared) && !ACCEPTED.test(title))
      faults.push(`skipped although it need not be: ${path}: ${fullName}`);
  }
}
