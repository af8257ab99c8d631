import type { Interval } from "../../evaluation/bootstrap.ts";
import type { Metrics } from "../../evaluation/reports.ts";
import type { RunConfig } from "../runs/run-folder.ts";

/** What a card tells. */
export interface CardFacts {
  readonly base: string;
  readonly task: string;
  readonly statement: string;
  readonly config: RunConfig;
  readonly rows: { readonly train: number; readonly dev: number };
  readonly truncated: number;
  readonly maxLength: number;
  readonly step: number;
  readonly metrics: Metrics;
  /** In which 95 % of resamples of the dev set have the metrics. */
  readonly intervals: Readonly<Record<string, Interval>>;
  readonly labels: readonly string[];
}

/** The text of a model's README.md: data, recipe, metrics with their intervals, limits. */
export function modelCard(facts: CardFacts): string {
  const { base, task, statement, config, rows, truncated, maxLength, step, metrics, intervals, labels } = facts;
  const files = config.data.map(({ file, sha256 }) => `- \`${file}\` (SHA-256 ${sha256})`);
  const recipe = Object.entries(config.options).filter(([, value]) => value !== null && value !== undefined);
  const numbers = Object.entries(metrics).map(([name, value]) => {
    const { low, high } = intervals[name] ?? {};
    const between = low === undefined || high === undefined ? "" : `${low.toFixed(4)} to ${high.toFixed(4)}`;
    return `| ${name} | ${value.toFixed(4)} | ${between} |`;
  });
  return [
    "---",
    "library_name: transformers",
    `base_model: ${JSON.stringify(base)}`,
    "---",
    `# ${base}, tuned: ${task}`,
    "",
    `Made with \`cloze fine-tune\` from ${base}. The data are ${statement}.`,
    "",
    "## Data",
    "",
    `${rows.train} rows to learn from${rows.dev > 0 ? `, ${rows.dev} to choose the model by` : ""}.`,
    ...(labels.length > 0 && labels.length <= 50 ? [`Labels: ${labels.join(", ")}.`] : []),
    "",
    ...files,
    "",
    "## Recipe",
    "",
    `The weights of step ${step}. AdamW and:`,
    "",
    ...recipe.map(([name, value]) => `- ${name}: ${JSON.stringify(value)}`),
    "",
    "## Metrics",
    "",
    ...(numbers.length === 0
      ? ["None: there was no dev set."]
      : [
          "| on the dev set | | 95 % interval |",
          "|---|---|---|",
          ...numbers,
          "",
          "The dev set chose this model, so that these figures flatter it.",
        ]),
    "",
    "## Limits",
    "",
    `It reads ${maxLength} tokens of a text; ${truncated} of the training rows were longer and were cut.`,
    "It knows what its data show: texts of other kinds, languages or times may be judged worse.",
    "",
  ].join("\n");
}
