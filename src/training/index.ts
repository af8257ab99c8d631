/** Training and what belongs to it. The `cloze/training` subpath. */
export {
  type DataReport,
  type DebugDataOptions,
  debugData,
  type LengthReport,
  type OverlapReport,
  type SplitReport,
} from "./debug-data.ts";
export type { OddLabel } from "./odd-labels.ts";
export type { RowPair } from "./split-summary.ts";
