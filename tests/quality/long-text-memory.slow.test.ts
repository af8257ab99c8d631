import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { describeIf, repositoryRoot } from "../support/shared.ts";

const dist = join(repositoryRoot, "dist/index.js");

/** What reads a text `text` of any length, with the toy models of the examples. */
const TASKS = {
  tag: 'const model = await Tagger.load("examples/models/names"); await model.tag(text);',
  answer:
    'const model = await Answerer.load("examples/models/answers"); await model.answer("Who shot the film?", text);',
  classify:
    'const model = await Classifier.load("examples/models/sentiment"); await model.classify(text, { truncation: "window" });',
};

/** The most memory, in MiB, of a process that does the task with a text of so many words. */
async function peakMemory(work: string, words: number): Promise<number> {
  const code = `
    const { Answerer, Classifier, Tagger } = await import(${JSON.stringify(`file://${dist}`)});
    const sentence = "The film was shot in Paris by Anna Smith of Acme in 1999 .".split(" ");
    const text = Array.from({ length: ${words} }, (_, i) => sentence[i % sentence.length]).join(" ");
    ${work}
    console.log(process.resourceUsage().maxRSS / 1024);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: repositoryRoot,
  });
  return Number(stdout);
}

describeIf("memory", existsSync(dist) ? undefined : "dist is not built (npm run build)", () => {
  // Attention of 20,000 tokens over each other at once would take gigabytes.
  test.each(Object.entries(TASKS))(
    "of %s stays flat as the text grows",
    async (_, work) => {
      const [short, long, longest] = [
        await peakMemory(work, 2000),
        await peakMemory(work, 20_000),
        await peakMemory(work, 200_000),
      ];
      expect(long - short).toBeLessThan(64);
      // The text, its tokens and the results, which a caller asked for: some hundred bytes a word.
      expect(longest - long).toBeLessThan(192);
    },
    60_000,
  );
});
