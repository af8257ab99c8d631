import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { runnableForms } from "../support/backends.ts";
import { describeIf, repositoryRoot } from "../support/shared.ts";

// Other processes and workers read no TypeScript, so these tests use what `npm run build` made.
const dist = join(repositoryRoot, "dist", "backends");
const unbuilt = existsSync(join(dist, "self-check", "self-check.js")) ? undefined : "dist is not built (npm run build)";
const names = [...new Set(runnableForms().map(({ name }) => name.split(" ")[0] as string))];

/** Starts the backend and one run that nobody waits for yet: `backend`, `run()`. */
function prelude(name: string): string {
  const from = (file: string) => JSON.stringify(new URL(file, `file://${dist}/`).href);
  return `
    const { createBackend } = await import(${from("choose.js")});
    const { opCases } = await import(${from("self-check/op-cases.js")});
    const { runCase } = await import(${from("self-check/self-check.js")});
    const backend = await createBackend("${name}", { threads: 2 });
    const cases = opCases().filter(({ op }) => op === "linear" || op === "attention");
    const run = () => Promise.all(cases.map((it) => runCase(backend, it)));
  `;
}

async function runProcess(code: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const args = ["--input-type=module", "--eval", code];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code: exit, stdout, stderr } = error as { code: number | null; stdout: string; stderr: string };
    return { code: exit, stdout, stderr };
  }
}

for (const name of names)
  describeIf(name, unbuilt, () => {
    test("an idle backend keeps no process alive", async () => {
      const result = await runProcess(`${prelude(name)} await run(); console.log("ran");`);
      expect(result).toEqual({ code: 0, stdout: "ran\n", stderr: "" });
    });

    test("a process waits for its runs", async () => {
      const result = await runProcess(`${prelude(name)} run().then(() => console.log("ran"));`);
      expect(result).toEqual({ code: 0, stdout: "ran\n", stderr: "" });
    });

    test("a process that exits in the middle of a run exits cleanly", async () => {
      const result = await runProcess(`${prelude(name)} run(); setTimeout(() => process.exit(7), 5);`);
      expect(result).toEqual({ code: 7, stdout: "", stderr: "" });
    });

    test("workers have backends of their own, and may be ended in the middle of a run", async () => {
      const code = `(async () => { ${prelude(name)}
        await run();
        require("node:worker_threads").parentPort.postMessage("ran");
        for (;;) await run();
      })();`;
      // Several times, since a worker may be ended anywhere: in JavaScript, in a call of the addon, while it waits.
      for (const delay of [0, 5, 10, 15, 20]) {
        const workers = [1, 2].map(() => new Worker(code, { eval: true }));
        const ran = workers.map(
          (worker) => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject)),
        );
        expect(await Promise.all(ran)).toEqual(["ran", "ran"]);
        await new Promise((resolve) => setTimeout(resolve, delay));
        expect(await Promise.all(workers.map((worker) => worker.terminate()))).toEqual([1, 1]);
      }
    });
  });
