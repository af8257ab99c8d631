import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLines, runCli } from "../support/run-cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const RUN = {
  "config.json": '{"command":"pretrain","options":{"steps":2},"data":[]}',
  "metrics.jsonl": '{"step":1,"loss":3}\n{"step":2,"loss":2.5}\n',
};

test("report writes one page and prints what the runs came to", async () => {
  const [first, second] = [temporaryFolder(RUN), temporaryFolder(RUN)];
  const output = join(second, "both.html");
  const one = await runCli(["report", first]);
  expect(one).toMatchObject({ exitCode: 0, stderr: "" });
  expect(jsonLines(one.stdout)).toMatchObject([
    { file: join(first, "report.html"), runs: [{ steps: 2, metrics: { loss: 2.5 } }] },
  ]);
  expect((await runCli(["report", first, second, "--output", output])).exitCode).toBe(0);
  expect(readFileSync(output, "utf8").match(/<polyline/g)).toHaveLength(2);
});

test("report names a folder that holds no run", async () => {
  const { exitCode, stderr } = await runCli(["report", "nowhere"]);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: 'error: "nowhere" is no run folder: expected config.json and metrics.jsonl in it.\n',
  });
  const folder = temporaryFolder(RUN);
  writeFileSync(join(folder, "config.json"), "{");
  expect((await runCli(["report", folder])).stderr).toMatch(/^error: config\.json is not valid JSON/);
});
