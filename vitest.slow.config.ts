import { defineConfig } from "vitest/config";

/** Scores on real data, process kills, large files: what takes more than a few seconds. */
export default defineConfig({
  resolve: {
    conditions: ["node"],
    alias: { "#platform": new URL("./src/platform/node.ts", import.meta.url).pathname },
  },
  test: {
    // No test asks the real hub or reads the user's cache; those of the hub have one of their own.
    env: { HF_HUB_OFFLINE: "1", HF_HOME: "/nonexistent", HF_TOKEN: "" },
    // What scripts/report-tests.ts sums up.
    reporters: ["default", ["json", { outputFile: "build/tests/slow.json" }]],
    include: ["src/**/*.slow.test.ts", "tests/**/*.slow.test.ts"],
    testTimeout: 900_000,
    fileParallelism: false,
  },
});
