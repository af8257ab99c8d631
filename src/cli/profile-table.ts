import type { Profile } from "../backends/profile/profile.ts";
import { table } from "./table.ts";

const HEADER = ["op", "calls", "ms", "share", "GF/s", "of peak"];

/** What the runs of a profile took, by kind of step, the longest first. */
export function profileTable(profile: Profile): string {
  const { runs, milliseconds, idleMilliseconds, perSecond, ofPeak } = profile.totals();
  if (runs === 0) return "profile: no model ran";
  const rows = profile
    .operations()
    .map((op) => [
      op.op,
      String(op.calls),
      op.milliseconds.toFixed(1),
      percent(op.share),
      op.perSecond === undefined ? "" : (op.perSecond / 1e9).toFixed(0),
      op.ofPeak === undefined ? "" : percent(op.ofPeak),
    ]);
  const all = [
    "all",
    rows.reduce((sum, [, calls]) => sum + Number(calls), 0).toString(),
    milliseconds.toFixed(1),
    percent(1),
    (perSecond / 1e9).toFixed(0),
    ofPeak === undefined ? "" : percent(ofPeak),
  ];
  const peaks = (["f32", "bf16", "int8"] as const)
    .map((dtype) => [dtype, profile.peak(dtype)] as const)
    .filter((entry): entry is readonly [(typeof entry)[0], number] => entry[1] !== undefined)
    .map(([dtype, peak]) => `${dtype} ${(peak / 1e9).toFixed(0)} GF/s`);
  const lines = [
    table([HEADER, ...rows, all], { right: [1, 2, 3, 4, 5] }),
    `${runs} run${runs === 1 ? "" : "s"}; between them the backend waited ${idleMilliseconds.toFixed(1)} ms for work`,
    ...(peaks.length === 0 ? [] : [`peak of the multipliers, measured between runs: ${peaks.join(", ")}`]),
  ];
  return lines.join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
