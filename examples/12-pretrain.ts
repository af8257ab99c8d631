/**
 * Trains a tokenizer and a small encoder on files of your own, then lets it fill a mask.
 *
 *     npx tsx examples/12-pretrain.ts README.md docs/datasets.md
 */
import { rmSync } from "node:fs";
import { MaskFiller, pretrain, trainTokenizer } from "cloze";

const files = process.argv.length > 2 ? process.argv.slice(2) : ["README.md", "ARCHITECTURE.md"];
const tokenizer = "build/example-tokenizer";
const output = "build/example-run";

await trainTokenizer(files, { vocabularySize: 800, lowercase: true, output: tokenizer });
rmSync(output, { recursive: true, force: true }); // a run is begun once; `resume: true` goes on with it

const { model, best } = await pretrain({
  architecture: "bert",
  layers: 2,
  hiddenSize: 64,
  heads: 2,
  tokenizer,
  corpus: files,
  dev: files.slice(0, 1),
  length: 64,
  batchSize: 8,
  steps: 40, // thousands, in earnest
  output,
});
console.log(`step ${best?.step}:`, best?.metrics);

await using filler = await MaskFiller.load(model as string);
console.log(await filler.fill("The tokenizer reads the [MASK].", { top: 3 }));
