/** A recorded model that is made to read longer texts, or other words as well, gives the recorded outputs still. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createBackend } from "../../src/backends/choose.ts";
import { Checkpoint } from "../../src/checkpoints/repository.ts";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { configure, loadModel } from "../../src/models/load-model.ts";
import { ARCHITECTURES } from "../../src/models/registry.ts";
import { verifyRecorded } from "../../src/models/verify-recorded.ts";
import { Tokenizer } from "../../src/tokenizers/tokenizer.ts";
import { changeLength } from "../../src/training/pretraining/change-length.ts";
import { changeVocabulary } from "../../src/training/pretraining/change-vocabulary.ts";
import { describeShared } from "../support/shared.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Ids of so many words; padding and mask, which architectures look at, where the checkpoint has them. */
function tokenizerOf(words: number, { padding, mask }: { padding: number; mask: number }): Promise<Tokenizer> {
  const others = ["[UNK]", "[CLS]", "[SEP]"];
  const tokens = Array.from({ length: words }, (_, id) => {
    if (id === padding) return "[PAD]";
    return id === mask ? "[MASK]" : (others.shift() ?? `w${id}`);
  });
  return Tokenizer.load(temporaryFolder({ "vocab.txt": tokens.join("\n") }));
}

async function withMoreWords(checkpoint: Checkpoint): Promise<Checkpoint> {
  const { config } = configure(checkpoint);
  const words = config.vocabularySize as number;
  const idOf = (role: string, otherwise: number) => (checkpoint.config[`${role}_token_id`] as number) ?? otherwise;
  const ids = { padding: idOf("pad", 0), mask: idOf("mask", 7) };
  const [from, to] = [await tokenizerOf(words, ids), await tokenizerOf(words + 3, ids)];
  const changed = changeVocabulary(checkpoint, { from, to }, 0);
  expect(changed.map).toMatchObject({ copied: words, averaged: 0, fresh: 3 });
  return changed.checkpoint;
}

describeShared("resized checkpoints", "goldens/models", (root) => {
  const families = ARCHITECTURES.map(({ name }) => name).filter((name) => existsSync(join(root, name)));
  it.each(families)("%s", async (family) => {
    const backend = await createBackend();
    try {
      for (const variant of readdirSync(join(root, family))) {
        for (const head of ["base", "mlm"].filter((name) => existsSync(join(root, family, variant, name)))) {
          const folder = join(root, family, variant, head);
          const opened = Checkpoint.open(folder);
          const { maxLength, positionsAfter } = configure(opened);
          const length = 2 * maxLength + 3;
          const longer = changeLength(opened, length, { positionsAfter, seed: 0 });
          // Logits of more words would not be the recorded ones; there only names and shapes are held together.
          const changed = head === "base" ? await withMoreWords(longer) : longer;
          const { model } = loadModel(changed, { backend });
          expect(model.maxLength).toBe(length);
          const { checks } = await verifyRecorded(model, Safetensors.open(join(folder, "expected.safetensors")));
          expect(checks.filter(({ passed }) => !passed).map(({ name }) => `${variant}/${head} ${name}`)).toEqual([]);
          model.close();
          if (head === "mlm") loadModel(await withMoreWords(opened), { backend }).model.close();
        }
      }
    } finally {
      await backend.close();
    }
  });
});
