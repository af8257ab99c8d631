import type { DataRow } from "../datasets/data-row.ts";
import { Dataset, type DatasetOptions } from "../datasets/dataset.ts";
import { InputError } from "../errors.ts";
import { type OpenedTokenizer, openTokenizer } from "../tasks/open-tokenizer.ts";
import { type OnProgress, ProgressMeter } from "../tasks/progress.ts";
import { TimeSlice } from "../tasks/time-slice.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { DataReport, LengthReport, OverlapReport, SplitReport } from "./data-report.ts";
import { dataWarnings } from "./data-warnings.ts";
import { findOddLabels } from "./odd-labels.ts";
import { findOverlap, SplitSummary } from "./split-summary.ts";

/** How `debugData` reads and measures. */
export interface DebugDataOptions extends DatasetOptions {
  /** A model's folder: lengths are then counted in its tokens. Default: none, characters are counted. */
  readonly model?: string | undefined;
  /** Tokens that the model is to read of a text. Default: as the model says. */
  readonly maxLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Looks through the splits of a data set, the training split first: counts, labels, duplicates, overlaps between files,
 * empty and too long texts, odd labels. Memory grows by a few numbers a row.
 *
 * @throws InputError when there is no file, one cannot be read, or a row is bad (without `skipBadRows`).
 */
export async function debugData(files: readonly string[], options: DebugDataOptions = {}): Promise<DataReport> {
  if (files.length === 0) throw new InputError("No data file is named; expected one or more.");
  const { model } = options;
  const opened = model === undefined ? undefined : await openTokenizer(model, options);
  const meter = new ProgressMeter(options.onProgress, "read", "rows");
  const splits: Split[] = [];
  for (const [i, file] of files.entries()) {
    const data = await Dataset.open(file, options);
    const summary = await summarize(data, opened, meter, options.signal);
    splits.push({ report: reportSplit(data, summary, opened, i === 0), summary });
  }
  const reports = splits.map(({ report }) => report);
  const overlaps = splits.flatMap((later, i) => splits.slice(0, i).map((earlier) => reportOverlap(earlier, later)));
  return { files: reports, overlaps, warnings: dataWarnings(reports, overlaps) };
}

interface Split {
  readonly report: SplitReport;
  readonly summary: SplitSummary;
}

async function summarize(
  data: Dataset,
  opened: OpenedTokenizer | undefined,
  meter: ProgressMeter,
  signal: AbortSignal | undefined,
): Promise<SplitSummary> {
  const summary = new SplitSummary();
  const slice = new TimeSlice();
  let told = 0;
  for await (const row of data) {
    summary.add(row, opened === undefined ? countCharacters(row) : countTokens(row, opened.tokenizer));
    if (!slice.isOver) continue;
    await slice.yield();
    signal?.throwIfAborted();
    meter.advance(summary.rows - told);
    told = summary.rows;
  }
  meter.advance(summary.rows - told);
  return summary;
}

/** Two texts of a row, as a model reads them together. */
function inputsOf(row: DataRow): readonly (string | readonly string[])[] {
  const { tokens, question, context, text, pair } = row;
  if (tokens !== undefined) return [tokens];
  const texts = question === undefined ? [text, pair] : [question, context];
  return texts.filter((each) => each !== undefined);
}

function countTokens(row: DataRow, tokenizer: Tokenizer): number {
  const [text = "", pair] = inputsOf(row);
  return tokenizer.encode(text, pair === undefined ? {} : { pair }).ids.length;
}

function countCharacters(row: DataRow): number {
  return inputsOf(row).reduce((sum, text) => sum + (typeof text === "string" ? text : text.join(" ")).length, 0);
}

function reportSplit(
  data: Dataset,
  summary: SplitSummary,
  opened: OpenedTokenizer | undefined,
  isTraining: boolean,
): SplitReport {
  const { labels, scores, rows, empty } = summary;
  const sorted = [...labels].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1)); // to be read
  return {
    file: data.file,
    format: data.format,
    task: data.statement,
    columns: data.columns,
    rows,
    skipped: data.skipped,
    ...(data.firstSkipped === undefined ? {} : { firstSkipped: data.firstSkipped }),
    ...(sorted.length === 0 ? {} : { labels: Object.fromEntries(sorted) }),
    oddLabels: findOddLabels(labels, { isTag: data.target === "tags", isTraining }),
    ...(scores.count === 0 ? {} : { scores: reportScores(scores) }),
    ...(data.target === "answers" ? { unanswerable: summary.unanswerable } : {}),
    empty,
    duplicates: { rows: summary.duplicates, examples: summary.duplicateExamples },
    conflicts: { rows: summary.conflicts, examples: summary.conflictExamples },
    lengths: reportLengths(summary.lengths, opened),
  };
}

function reportScores({ least, most, sum, count }: SplitSummary["scores"]) {
  return { least, most, mean: sum / count };
}

function reportLengths(lengths: readonly number[], opened: OpenedTokenizer | undefined): LengthReport {
  const sorted = Float64Array.from(lengths).sort();
  const unit = opened === undefined ? "characters" : "tokens";
  const report = { unit, median: sorted[sorted.length >> 1] ?? 0, longest: sorted.at(-1) ?? 0 } as const;
  const maxLength = opened?.maxLength;
  if (maxLength === undefined) return report;
  return { ...report, maxLength, tooLong: lengths.filter((length) => length > maxLength).length };
}

function reportOverlap(earlier: Split, later: Split): OverlapReport {
  const files = [earlier.report.file, later.report.file] as const;
  return { files, ...findOverlap(earlier.summary, later.summary) };
}
