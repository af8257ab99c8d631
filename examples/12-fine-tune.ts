/**
 * Tunes a model to rows of your own, and classifies with the result.
 *
 *     npx tsx examples/12-fine-tune.ts models/MiniLM train.jsonl dev.jsonl
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { Classifier, fineTune } from "cloze";

const [model = "examples/models/words", train = "build/trips.jsonl", dev = train] = process.argv.slice(2);
if (train === "build/trips.jsonl") {
  const rows = [
    { text: "anna and paul live in paris", label: "travel" },
    { text: "london, berlin and rome", label: "travel" },
    { text: "the stock market and a company", label: "money" },
    { text: "oil, government and work", label: "money" },
  ];
  mkdirSync("build", { recursive: true });
  writeFileSync(
    train,
    rows
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("")
      .repeat(4),
  );
}

const output = "build/tuned";
rmSync(output, { recursive: true, force: true });
const result = await fineTune({
  model,
  train,
  dev,
  output,
  epochs: 12,
  learningRate: 0.05,
  batchSize: 4,
  onNote: (note) => console.log(note),
});
console.log(`${result.steps} steps; best at step ${result.best?.step}: accuracy ${result.best?.metrics.accuracy}`);

const classifier = await Classifier.load(result.model);
console.log(await classifier.classify("mary goes to vienna"));
await classifier.dispose();
