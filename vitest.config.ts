import { defineConfig } from "vitest/config";

/** The fast suite: units beside the source, goldens, backends, command line. Slow files end in `.slow.test.ts`. */
export default defineConfig({
  resolve: {
    conditions: ["node"],
    alias: { "#platform": new URL("./src/platform/node.ts", import.meta.url).pathname },
  },
  test: {
    // No test asks the real hub or reads the user's cache; those of the hub have one of their own.
    env: { HF_HUB_OFFLINE: "1", HF_HOME: "/nonexistent", HF_TOKEN: "" },
    // What scripts/report-tests.ts sums up.
    reporters: ["default", ["json", { outputFile: "build/tests/fast.json" }]],
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: ["**/*.slow.test.ts", "**/node_modules/**"],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
