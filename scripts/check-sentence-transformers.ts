import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Embedder } from "../src/tasks/embedder.ts";
import { fineTune } from "../src/training/fine-tune/fine-tune.ts";
import { writeDenseFolder } from "../tests/support/dense-folder.ts";

// npx tsx scripts/check-sentence-transformers.ts
// Tunes a tiny embedder with a Dense module, and lets Python's sentence-transformers open the folder: the same texts must
// give the same embeddings to 1e-5. CLOZE_PYTHON names the Python (default: python3); without sentence-transformers there
// is nothing to compare with, which is said.

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "build/sentence-transformers");
const python = process.env.CLOZE_PYTHON ?? "python3";
const TEXTS = ["anna loves paris", "a boring film", "john in london", "the worst of all"];

const probe = spawnSync(python, ["-c", "import sentence_transformers"], { encoding: "utf8" });
if (probe.status !== 0) {
  console.log(`skipped: "${python}" has no sentence-transformers; CLOZE_PYTHON may name one that has`);
} else await compare();

async function compare(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const model = join(folder, "start");
  writeDenseFolder(join(root, "examples/models/words"), model, [16, 8]);
  const rows = TEXTS.map((anchor, i) => ({ anchor, positive: TEXTS[(i + 1) % 4] }));
  const train = join(folder, "train.jsonl");
  writeFileSync(train, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const cases = [];
  for (const from of [model, join(folder, "run/model")]) {
    if (from !== model) await fineTune({ model, train, output: join(folder, "run"), epochs: 4, learningRate: 0.01 });
    const embedder = await Embedder.load(from);
    const embeddings = (await embedder.embed(TEXTS)).map((vector) => [...vector]);
    await embedder.dispose();
    cases.push({ model: from, texts: TEXTS, embeddings });
  }
  writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
  const script = join(root, "scripts/check-sentence-transformers.py");
  const { status } = spawnSync(python, [script, join(folder, "cases.json")], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
