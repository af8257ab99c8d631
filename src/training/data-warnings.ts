import type { OverlapReport, SplitReport } from "./data-report.ts";
import type { RowPair } from "./split-summary.ts";

/** A class with more than this share of the rows makes accuracy say little. */
const LOPSIDED = 0.95;

/** Labels that a sentence names. */
const NAMED = 5;

/** What deserves a look, a sentence each. The first file is taken for the training split. */
export function dataWarnings(files: readonly SplitReport[], overlaps: readonly OverlapReport[]): string[] {
  return [
    ...files.flatMap(fileWarnings),
    ...files.slice(1).flatMap((file) => splitWarnings(files[0]!, file)),
    ...overlaps.filter(({ rows }) => rows > 0).map(overlapWarning),
  ];
}

function fileWarnings(report: SplitReport): string[] {
  const { file, rows, skipped, firstSkipped, empty, duplicates, conflicts, lengths, oddLabels } = report;
  const warnings: string[] = [];
  const say = (what: string, count: number, of = "") => {
    if (count > 0) warnings.push(`${file}: ${what}: ${count} of ${rows}${of}.`);
  };
  if (skipped > 0) warnings.push(`${file}: rows passed over: ${skipped}; the first: ${firstSkipped}`);
  say("rows with an empty text", empty);
  say("rows that repeat an earlier one", duplicates.rows, examples(duplicates.examples));
  say("rows that repeat an earlier one but say something else of it", conflicts.rows, examples(conflicts.examples));
  say(`rows longer than the model's ${lengths.maxLength} tokens`, lengths.tooLong ?? 0);
  for (const { label, reason } of oddLabels) warnings.push(`${file}: the label "${label}" ${reason}.`);
  return [...warnings, ...labelWarnings(report)];
}

function labelWarnings({ file, task, labels }: SplitReport): string[] {
  if (labels === undefined || task.startsWith("tagging")) return [];
  // Not in the object's own order: names that are whole numbers stand first in it.
  const [first, ...others] = Object.entries(labels).sort(([, a], [, b]) => b - a);
  if (first === undefined) return [];
  if (others.length === 0) return [`${file}: "${first[0]}" is the only label; there is nothing to tell apart.`];
  const share = first[1] / Object.values(labels).reduce((sum, count) => sum + count, 0);
  const isLopsided = share > LOPSIDED;
  return isLopsided
    ? [`${file}: "${first[0]}" is ${(100 * share).toFixed(1)} % of all labels; accuracy says little.`]
    : [];
}

function splitWarnings(training: SplitReport, other: SplitReport): string[] {
  const warnings: string[] = [];
  if (training.task !== other.task) {
    warnings.push(`${other.file} is read as ${other.task}, ${training.file} as ${training.task}.`);
  }
  const unseen = Object.keys(other.labels ?? {}).filter((label) => !Object.hasOwn(training.labels ?? {}, label));
  if (unseen.length > 0 && training.labels !== undefined) {
    const names = unseen.slice(0, NAMED).map((label) => `"${label}"`);
    const more = unseen.length > NAMED ? ` and ${unseen.length - NAMED} more` : "";
    warnings.push(`${other.file} has labels that ${training.file} does not have: ${names.join(", ")}${more}.`);
  }
  return warnings;
}

function overlapWarning({ files: [earlier, later], rows, examples: pairs }: OverlapReport): string {
  return `${later}: inputs that are in ${earlier} too: ${rows}${examples(pairs)}.`;
}

function examples(pairs: readonly RowPair[]): string {
  return ` (${pairs.map(({ first, again }) => `row ${again} = ${first}`).join(", ")})`;
}
