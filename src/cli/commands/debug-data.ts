import type { DataReport, SplitReport } from "../../training/data-report.ts";
import { debugData } from "../../training/debug-data.ts";
import type { CommandDefinition } from "../command-definition.ts";
import { addDataFlags, type DataFlags } from "../data-flags.ts";
import { addNamedModelFlag, type CommonFlags, type ModelFlags, positiveInteger } from "../flags.ts";
import { isForPeople } from "../results.ts";
import { table } from "../table.ts";
import { clip, onOneLine, writeText } from "../terminal.ts";

interface DebugDataFlags extends CommonFlags, ModelFlags, DataFlags {
  readonly maxLength?: number;
}

/** Labels that people are shown of each file. */
const SHOWN = 12;

export const debugDataCommand: CommandDefinition<DebugDataFlags> = {
  declare(command) {
    command
      .description(
        "Look through data before training on it: counts, labels, duplicates, overlaps between files, empty and too " +
          "long texts, odd labels: { files, overlaps, warnings }. The first file is taken for the training split.",
      )
      .argument("<file...>", "data files: JSON Lines, CSV, TSV, Parquet, CoNLL, SQuAD, lines of text; gzip or not");
    addDataFlags(command);
    addNamedModelFlag(command);
    command.option(
      "--max-length <n>",
      "tokens that the model is to read of a text (default: as it says)",
      positiveInteger,
    );
  },
  examples: [
    "cloze debug-data train.jsonl dev.jsonl",
    "cloze debug-data train.csv dev.csv test.csv --columns text=review,label=stars",
    "cloze debug-data train.conll dev.conll --model models/bert-base-cased --max-length 128 --json",
  ],
  async run({ positionals, flags, terminal, reporter }) {
    const { model, maxLength, columns, format, skipBadRows } = flags;
    const options = { model, maxLength, columns, format, skipBadRows };
    const report = await debugData(positionals, {
      ...options,
      signal: terminal.signal,
      onProgress: reporter.progress,
    });
    reporter.clear();
    const text = isForPeople(flags, terminal) ? toText(report) : JSON.stringify(report);
    await writeText(terminal.stdout, `${text}\n`);
    return undefined;
  },
};

function toText({ files, warnings }: DataReport): string {
  const verdict =
    warnings.length === 0 ? ["Nothing to look at."] : ["To look at:", ...warnings.map((text) => `  ${text}`)];
  return [...files.map(fileText), verdict.join("\n")].join("\n\n");
}

function fileText(report: SplitReport): string {
  const { file, task, rows, lengths, scores, unanswerable } = report;
  const facts = [
    `${rows} rows`,
    `median ${lengths.median} ${lengths.unit}, longest ${lengths.longest}`,
    ...(scores === undefined ? [] : [`scores ${scores.least} to ${scores.most}, mean ${scores.mean.toFixed(3)}`]),
    ...(unanswerable === undefined ? [] : [`${unanswerable} without an answer`]),
  ];
  return [file, `  ${onOneLine(task)}`, `  ${facts.join("; ")}`, ...labelLines(report)].join("\n");
}

function labelLines({ labels = {} }: SplitReport): string[] {
  const entries = Object.entries(labels).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return [];
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  const rows = entries
    .slice(0, SHOWN)
    .map(([label, count]) => [clip(label, 40), String(count), `${((100 * count) / total).toFixed(1)} %`]);
  const more = entries.length > SHOWN ? [`  and ${entries.length - SHOWN} more labels`] : [];
  return [table(rows, { right: [1, 2], indent: 2 }), ...more];
}
