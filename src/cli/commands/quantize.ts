import { Option } from "commander";
import { Dataset } from "../../datasets/dataset.ts";
import { InputError } from "../../errors.ts";
import type { CalibrationRow } from "../../tasks/calibrate.ts";
import { type QuantizeReport, quantize } from "../../tasks/quantize.ts";
import type { CommandDefinition } from "../command-definition.ts";
import type { CommonFlags } from "../flags.ts";
import { isForPeople } from "../results.ts";
import { table } from "../table.ts";
import { writeText } from "../terminal.ts";

interface QuantizeFlags extends CommonFlags {
  readonly dtype: "bf16" | "int8";
  readonly output?: string;
  readonly calibrate?: string;
}

export const quantizeCommand: CommandDefinition<QuantizeFlags> = {
  declare(command) {
    command
      .description(
        "Write a model with the weights of its matmuls and its embedding tables in int8 or bf16: " +
          "{ output, dtype, tensors, bytesBefore, bytesAfter }, with --calibrate also { kept, cosineBefore, cosineAfter, " +
          "scoreBefore, scoreAfter }.",
      )
      .argument("<model>", "a model's folder, or its id on the hub")
      .addOption(new Option("--dtype <name>", "what weights become").choices(["int8", "bf16"]).default("int8"))
      .option("--output <folder>", "the folder to write")
      .option("--calibrate <file>", "texts that decide what stays in higher precision; pairs with scores are ranked");
  },
  examples: [
    "cloze quantize models/bge-small-en-v1.5 --output models/bge-small-int8",
    "cloze quantize models/bge-small-en-v1.5 --dtype bf16 --output models/bge-small-bf16",
    "cloze quantize models/bge-small-en-v1.5 --calibrate pairs.jsonl --output models/bge-small-int8",
  ],
  async run({ positionals: [model], flags, terminal }) {
    const { dtype, output, calibrate, backend, threads } = flags;
    if (output === undefined) throw new InputError("The quantized model goes to a folder: pass --output FOLDER.");
    const calibration = calibrate === undefined ? undefined : await readCalibration(calibrate);
    const { signal } = terminal;
    const report = await quantize(model, output, { dtype, calibration, backend, threads, signal });
    const text = isForPeople(flags, terminal) ? toText(report) : JSON.stringify(report);
    await writeText(terminal.stdout, `${text}\n`);
    return undefined;
  },
};

async function readCalibration(file: string): Promise<CalibrationRow[]> {
  const rows: CalibrationRow[] = [];
  for await (const { text, pair, score, where } of await Dataset.open(file)) {
    if (text === undefined) throw new InputError(`${where} has no text to calibrate with.`);
    rows.push({ text, pair, score });
  }
  return rows;
}

function toText(report: QuantizeReport): string {
  const { output, dtype, tensors, bytesBefore, bytesAfter, kept = [], cosineBefore, cosineAfter } = report;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const lines = [`${output}: ${tensors} tensors in ${dtype}, ${megabytes(bytesBefore)} -> ${megabytes(bytesAfter)}`];
  if (cosineBefore === undefined || cosineAfter === undefined) return lines.join("\n");
  const rows = kept.map(({ names, dtype, drift }) => [names.join(" + "), dtype, drift.toExponential(1)]);
  if (rows.length > 0) lines.push(table([["kept", "in", "drift alone"], ...rows], { right: [2], indent: 2 }));
  lines.push(
    `cosine with the original: ${cosineBefore.toFixed(6)} all quantized, ${cosineAfter.toFixed(6)} as written`,
  );
  const { scoreBefore, scoreAfter } = report;
  if (scoreBefore !== undefined && scoreAfter !== undefined) {
    lines.push(`Spearman: ${scoreBefore.toFixed(4)} the original, ${scoreAfter.toFixed(4)} as written`);
  }
  return lines.join("\n");
}
