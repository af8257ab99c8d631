import { expect, it } from "vitest";
import { DEFAULT_MODEL_PACKAGE, resolveWhere } from "../../src/checkpoints/default-model.ts";
import { Embedder } from "../../src/tasks/embedder.ts";
import { describeBackends } from "../support/each-backend.ts";
import { scifactNdcg, stsCorrelation } from "../support/published-tasks.ts";
import { hasShared } from "../support/shared.ts";

const LONGEST = 900_000;
/** What may be lost: hundredths of Spearman's rho, and nDCG@10. */
const LARGEST_DROP = { bf16: { sts: 0.05, scifact: 0.003 }, int8: { sts: 0.3, scifact: 0.01 } } as const;

const isInstalled = await resolveWhere().then(
  () => true,
  () => false,
);
const missing = [
  ...(isInstalled ? [] : [`${DEFAULT_MODEL_PACKAGE} is not installed`]),
  ...["data/stsb", "data/scifact"]
    .filter((path) => !hasShared(path))
    .map((path) => `${path} is not in the shared folder`),
];

await describeBackends(
  "all-MiniLM-L6-v2 in fewer bits",
  (backend) => {
    if (missing.length > 0) return it.skip(`not on this machine: ${missing.join(", ")}`, () => undefined);
    const scoreIn = async (dtype: "f32" | "bf16" | "int8", score: typeof stsCorrelation, signal: AbortSignal) => {
      const embedder = await Embedder.load(undefined, { backend, dtype });
      const result = await score(embedder, signal);
      await embedder.dispose();
      return result;
    };

    // What f32 scores is asked once for both.
    const inF32 = new Map<typeof stsCorrelation, Promise<number>>();
    const scoreInF32 = (score: typeof stsCorrelation, signal: AbortSignal) => {
      const known = inF32.get(score) ?? scoreIn("f32", score, signal);
      inF32.set(score, known);
      return known;
    };

    it.each(["bf16", "int8"] as const)("%s ranks pairs of sentences like f32", { timeout: LONGEST }, async (dtype) => {
      const { signal } = new AbortController();
      const drop = 100 * ((await scoreInF32(stsCorrelation, signal)) - (await scoreIn(dtype, stsCorrelation, signal)));
      expect(drop).toBeLessThanOrEqual(LARGEST_DROP[dtype].sts);
    });

    it.each(["bf16", "int8"] as const)("%s finds evidence like f32", { timeout: LONGEST }, async (dtype) => {
      const { signal } = new AbortController();
      const drop = (await scoreInF32(scifactNdcg, signal)) - (await scoreIn(dtype, scifactNdcg, signal));
      expect(drop).toBeLessThanOrEqual(LARGEST_DROP[dtype].scifact);
    });
  },
  ["native"],
);
