import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { InputError } from "../../errors.ts";
import { type MetricLine, readMetricLog } from "../runs/metric-log.ts";
import { type RunConfig, readRunConfig } from "../runs/run-folder.ts";
import { classificationSections, type JudgedRow } from "./evaluation-sections.ts";
import { html, type Markup } from "./html.ts";
import { type Curve, lineChart } from "./line-chart.ts";

/** A run as its folder tells it. */
export interface RecordedRun {
  readonly name: string;
  readonly config: RunConfig;
  readonly metrics: readonly MetricLine[];
  /** Rows of the dev set as the run's model classified them, where the run did. */
  readonly predictions: readonly JudgedRow[];
}

/** The file of a run folder that `predictions` are read from, a JSON object a line. */
export const PREDICTIONS = "dev-predictions.jsonl";

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0}th,td{border:1px solid #ccc;padding:.15rem .5rem;text-align:right}
th{background:#f5f5f5}td.text{text-align:left;max-width:34rem;overflow-wrap:anywhere}figure{margin:1.5rem 0}
figcaption{font-weight:600}svg{width:100%;max-width:44rem;height:auto}svg.square{max-width:16rem}svg text{font-size:11px;fill:#555}
.grid{stroke:#eee}.axis{stroke:#888;fill:none}.frame{fill:none;stroke:#888}.legend span{margin-right:1rem}
.legend i{display:inline-block;width:.8rem;height:.8rem;margin-right:.3rem}pre{background:#f5f5f5;padding:.7rem;overflow:auto}`;

/** @throws InputError when the folder holds no run. */
export function readRun(folder: string): RecordedRun {
  const config = readRunConfig(folder);
  const log = join(folder, "metrics.jsonl");
  if (config === undefined || !existsSync(log)) {
    throw new InputError(`"${folder}" is no run folder: expected config.json and metrics.jsonl in it.`);
  }
  return { name: basename(resolve(folder)), config, metrics: readMetricLog(log), predictions: readPredictions(folder) };
}

function readPredictions(folder: string): JudgedRow[] {
  const file = join(folder, PREDICTIONS);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as JudgedRow);
}

/**
 * A self-contained page: a chart for each metric with a curve for each run, the last and the best value of each, what
 * became of the dev set, then what the runs were started with. Nothing is loaded from elsewhere, no script runs.
 *
 * @throws InputError when no run is given.
 */
export function runReport(runs: readonly RecordedRun[]): string {
  if (runs.length === 0) throw new InputError("No run is given to report on.");
  const title = runs.map(({ name }) => name).join(", ");
  const metrics = [...new Set(runs.flatMap((run) => run.metrics.flatMap(metricNames)))];
  const charts = metrics.map((metric) =>
    lineChart(
      metric,
      runs.map((run) => curveOf(run, metric)),
    ),
  );
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>${STYLE}</style></head><body>
<h1>${title}</h1>
${summary(runs, metrics)}
${runs.map(devSet)}
<h2>Curves</h2>
${charts}
<h2>Settings</h2>
${runs.map((run) => html`<h3>${run.name}</h3><pre>${JSON.stringify(run.config, null, 2)}</pre>`)}
</body></html>
`;
  return page.text;
}

function devSet({ name, predictions }: RecordedRun): Markup | undefined {
  return predictions.length === 0 ? undefined : html`<h2>Dev set of ${name}</h2>${classificationSections(predictions)}`;
}

function metricNames(line: MetricLine): string[] {
  return Object.keys(line).filter((name) => name !== "step" && typeof line[name] === "number");
}

function curveOf({ name, metrics }: RecordedRun, metric: string): Curve {
  const points = metrics.flatMap((line) => {
    const value = line[metric];
    return typeof value === "number" ? [[line.step, value] as const] : [];
  });
  return { name, points };
}

function summary(runs: readonly RecordedRun[], metrics: readonly string[]): Markup {
  const cells = (run: RecordedRun) =>
    metrics.map((metric) => {
      const last = curveOf(run, metric).points.at(-1);
      return html`<td>${last === undefined ? "" : Number(last[1].toPrecision(5))}</td>`;
    });
  const steps = (run: RecordedRun) => run.metrics.at(-1)?.step ?? 0;
  return html`<table><tr><th>run</th><th>steps</th>${metrics.map((metric) => html`<th>${metric}</th>`)}</tr>
${runs.map((run) => html`<tr><th>${run.name}</th><td>${steps(run)}</td>${cells(run)}</tr>`)}</table>`;
}
