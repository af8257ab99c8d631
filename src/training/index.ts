/** Training and what belongs to it. The `cloze/training` subpath. */
export type { DataReport, LengthReport, OverlapReport, SplitReport } from "./data-report.ts";
export { type DebugDataOptions, debugData } from "./debug-data.ts";
export type { OddLabel } from "./odd-labels.ts";
export type { RowPair } from "./split-summary.ts";
