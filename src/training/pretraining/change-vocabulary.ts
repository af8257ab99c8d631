import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { Checkpoint } from "../../checkpoints/repository.ts";
import { ConfigError } from "../../errors.ts";
import type { SpecialTokens } from "../../tokenizers/special-tokens.ts";
import type { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { configuredAs, rebuildRows, resizeCheckpoint, shapesOf } from "./resized-checkpoint.ts";
import { idCount, mapVocabulary, type VocabularyMap } from "./vocabulary-map.ts";

/**
 * A checkpoint for another tokenizer: tables of words, output layers and their biases, of all heads, get a row for each
 * of its tokens (see `mapVocabulary`), and the config its size and special ids.
 *
 * Source: rows of new tokens as means of their old pieces' are "average of subwords" in Gee et al., "Fast Vocabulary
 * Transfer for Language Model Compression", 2022.
 *
 * @throws ConfigError when the architecture's tables do not follow `vocab_size`.
 */
export function changeVocabulary(
  checkpoint: Checkpoint,
  tokenizers: { readonly from: Tokenizer; readonly to: Tokenizer },
  seed: number,
): { readonly checkpoint: Checkpoint; readonly map: VocabularyMap } {
  const { from, to } = tokenizers;
  const before = configuredAs(checkpoint, checkpoint.config);
  const words = before.config.vocabularySize;
  if (typeof words !== "number") throw new ConfigError(`${before.name} states no vocabulary; its tokenizer must stay.`);
  const map = mapVocabulary(from, to, words);
  // Which axes are the vocabulary's is seen from a config with one word more.
  const probed = shapesOf(configuredAs(checkpoint, { ...checkpoint.config, vocab_size: words + 1 }));
  const keys = { vocab_size: idCount(to), ...specialIds(checkpoint.config, to.specialTokens) };
  const changed = resizeCheckpoint(checkpoint, keys, {
    seed,
    rebuild: (parameter) => {
      const axis = parameter.from.findIndex((size, i) => probed.get(parameter.name)?.[i] !== size);
      return axis === -1 ? undefined : rebuildRows(parameter, axis, map.sources);
    },
  });
  return { checkpoint: changed, map };
}

/** What config.json says of special tokens: the padding id always, others where they were stated. */
function specialIds(config: JsonObject, { pad, cls, sep, bos, eos, mask, unk }: SpecialTokens): JsonObject {
  const tokens = { bos: bos ?? cls, eos: eos ?? sep, cls: cls ?? bos, sep: sep ?? eos, mask, unk };
  const stated = Object.entries(tokens).filter(([role]) => typeof config[`${role}_token_id`] === "number");
  return {
    pad_token_id: pad?.id ?? 0,
    ...Object.fromEntries(stated.map(([role, token]) => [`${role}_token_id`, token?.id ?? null])),
  };
}
