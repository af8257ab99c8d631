import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeIf, hasShared, repositoryRoot, sharedPath } from "../support/shared.ts";

/** A model of the goldens for each example that needs one. It answers nonsense, but all that the example does is done. */
const MODELS: { readonly [example: string]: string } = {
  "02-classify.ts": "pipelines/nli",
  "03-zero-shot.ts": "pipelines/nli",
  "04-rank.ts": "sentences/cross-encoder-1",
  "05-sparse-embed.ts": "pipelines/mask",
  "08-tag.ts": "pipelines/tagger",
  "09-answer.ts": "pipelines/qa",
};

for (const example of readdirSync(join(repositoryRoot, "examples")).filter((name) => name.endsWith(".ts"))) {
  const model = MODELS[example];
  const isMissing = model !== undefined && !hasShared("goldens");
  const reasonToSkip = isMissing ? "goldens is not in the shared folder (set CLOZE_SHARED)" : undefined;
  describeIf(`examples/${example}`, reasonToSkip, () => {
    test("runs", () => {
      const script = [join(repositoryRoot, "node_modules/tsx/dist/cli.mjs"), join(repositoryRoot, "examples", example)];
      const argv = model === undefined ? script : [...script, sharedPath("goldens", model)];
      const options = { cwd: repositoryRoot, encoding: "utf8", timeout: 60_000 } as const;
      expect(execFileSync(process.execPath, argv, options)).not.toBe("");
    });
  });
}
