/**
 * Says how well a model does on labelled rows, and shows its surest mistake.
 *
 *     npx tsx examples/11-evaluate.ts examples/models/sentiment reviews.jsonl
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { evaluate } from "cloze";

const [model = "examples/models/sentiment", file] = process.argv.slice(2);
const rows = [
  { text: "a great film", label: "positive" },
  { text: "a dull and awful mess", label: "negative" },
  { text: "not boring at all", label: "positive" },
];
const data = file ?? "build/reviews.jsonl";
if (file === undefined) {
  mkdirSync("build", { recursive: true });
  writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

const { statement, count, main, metrics, predictions = [] } = await evaluate({ model, data });
console.log(`${statement}, ${count} rows`);
const { low = 0, high = 1 } = main.interval ?? {};
console.log(`${main.name} ${main.value.toFixed(3)}, 95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}`);
console.log(metrics);

const mistakes = predictions.filter(({ gold, predicted }) => gold !== predicted);
const [surest] = mistakes.sort((a, b) => b.confidence - a.confidence);
if (surest !== undefined)
  console.log(`surest mistake: "${surest.text}" is ${surest.gold}, was taken for ${surest.predicted}`);
