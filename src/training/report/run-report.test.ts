import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { RunFolder } from "../runs/run-folder.ts";
import type { JudgedRow } from "./evaluation-sections.ts";
import { PREDICTIONS, readRun, runReport } from "./run-report.ts";

function recordedRun(steps: number, predictions: readonly JudgedRow[] = []): string {
  const folder = temporaryFolder();
  const run = new RunFolder(folder, { command: "fine-tune", options: { task: "<classify>" }, data: [] });
  for (let step = 1; step <= steps; step++) {
    run.log.append({ step, loss: 4 / step, ...(step % 10 === 0 ? { accuracy: step / 1000 } : {}) });
  }
  run.close();
  const lines = predictions.map((row) => `${JSON.stringify(row)}\n`);
  if (lines.length > 0) writeFileSync(join(folder, PREDICTIONS), lines.join(""));
  return folder;
}

test("a page has a chart for each metric with a curve for each run, inside its frame", () => {
  const page = runReport([readRun(recordedRun(1000)), readRun(recordedRun(50))]);
  expect(page.match(/<figcaption>[^<]*/g)).toEqual(["<figcaption>loss", "<figcaption>accuracy"]);
  const curves = [...page.matchAll(/points="([^"]*)"/g)].map(([, points]) => points!.split(" "));
  expect(curves.map((points) => points.length)).toEqual([300, 50, 100, 5]);
  for (const point of curves.flat()) {
    const [x, y] = point.split(",").map(Number);
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(640);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y).toBeLessThanOrEqual(260);
  }
  expect(page).not.toMatch(/NaN|<script|https?:/);
});

test("texts of the data stand on the page as they are, and are no markup", () => {
  const text = `<script>alert("x")</script> & 'y'`;
  const rows = [
    { text, gold: "<b>", predicted: "c", confidence: 0.9 },
    { text: "fine", gold: "c", predicted: "c", confidence: 0.6 },
    { text: "less sure", gold: "c", predicted: "<b>", confidence: 0.5 },
  ];
  const page = runReport([readRun(recordedRun(3, rows))]);
  expect(page).not.toContain("<script>");
  expect(page).not.toContain("<b>");
  expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;");
  expect(page).toContain("2 of 3 rows");
  expect(page.indexOf("alert")).toBeLessThan(page.indexOf("less sure"));
  expect(page).not.toContain(">fine<");
});

test("a run of one point, of constant values, of none", () => {
  expect(runReport([readRun(recordedRun(1))])).not.toMatch(/NaN|Infinity/);
  expect(runReport([readRun(recordedRun(0))])).not.toMatch(/NaN|Infinity/);
});

test("a folder that holds no run is named", () => {
  expect(() => readRun("nowhere")).toThrow('"nowhere" is no run folder: expected config.json and metrics.jsonl in it.');
});
