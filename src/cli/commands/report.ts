import { join } from "node:path";
import { writeTextFile } from "#platform";
import { InputError } from "../../errors.ts";
import { readRun, runReport } from "../../training/report/run-report.ts";
import type { CommandDefinition } from "../command-definition.ts";
import type { CommonFlags, OutputFlags } from "../flags.ts";
import { isForPeople } from "../results.ts";
import { writeText } from "../terminal.ts";

export const report: CommandDefinition<CommonFlags & OutputFlags> = {
  declare(command) {
    command
      .description(
        "Draw training runs on one page that needs nothing else: curves of loss and metrics, classes, confusion, " +
          "calibration, worst mistakes, settings. Prints { file, runs: [{ name, steps, metrics }] }.",
      )
      .argument("<run...>", "folders of runs")
      .option("--output <file>", "the page (default: report.html in the first run's folder)");
  },
  examples: ["cloze report runs/first", "cloze report runs/first runs/second --output compared.html"],
  async run({ positionals, flags, terminal }) {
    const [first] = positionals;
    if (first === undefined) throw new InputError("No run is given. Pass the folders of runs.");
    const runs = positionals.map(readRun);
    const file = flags.output ?? join(first, "report.html");
    writeTextFile(file, runReport(runs));
    const summary = runs.map(({ name, metrics }) => {
      const { step, ...values } = metrics.at(-1) ?? { step: 0 };
      return { name, steps: step, metrics: values };
    });
    const { output: _, ...asPrinted } = flags;
    const text = isForPeople(asPrinted, terminal) ? `Written: ${file}` : JSON.stringify({ file, runs: summary });
    await writeText(terminal.stdout, `${text}\n`);
    return undefined;
  },
};
