import { flag, optional, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { defineArchitecture, type HeadContext } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { encodeLayers, sumEmbeddings } from "./bert-encoder.ts";
import { firstTokenPooler } from "./heads.ts";
import { languageHead, robertaHeads } from "./roberta-heads.ts";

const config = defineConfig(
  {
    ...bertFields,
    vocabularySize: size("vocab_size", 50267),
    padId: tokenId("pad_token_id", 1),
    entities: size("entity_vocab_size", 500000),
    entitySize: size("entity_emb_size", 256),
    hasEntityAttention: flag("use_entity_aware_attention", true),
    classifierDropout: optional(probability("classifier_dropout")),
  },
  bertRules,
);
type LukeConfig = ConfigValues<typeof config>;
const heads = robertaHeads<LukeConfig>("luke");

/**
 * LUKE on words alone: RoBERTa's encoder. Entities, their embeddings and their queries are not supported; checkpoints
 * keep them when saved. Source: arXiv 2010.01057; transformers, models/luke/modeling_luke.py.
 */
export const luke = defineArchitecture({
  name: "luke",
  prefix: "luke",
  config,
  positionsAfter: ({ padId = 1 }) => padId,
  maxLength: ({ maxPositions, padId = 1 }) => maxPositions - padId - 1,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs);
    return encodeLayers(
      p.at("encoder"),
      inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon)),
      config,
      inputs,
    );
  },
  heads: {
    ...heads,
    mlm: ({ p, config, inputs, encoded, decoder }) => {
      const table = decoder("lm_head.decoder.weight", [config.vocabularySize, config.hiddenSize]);
      const names = { norm: "layer_norm", bias: "decoder.bias" };
      return { logits: languageHead(p.at("lm_head"), encoded.hidden, table, config.normEpsilon, inputs, names) };
    },
    sequence: (context) => ({ logits: classify(context) }),
  },
  copies: { "lm_head.bias": "lm_head.decoder.bias" },
  otherHeads: () => [
    "entity_predictions.**",
    "luke.entity_embeddings.**",
    ...["w2e", "e2w", "e2e"].map((query) => `luke.encoder.layer.*.attention.self.${query}_query.*`),
  ],
});

function classify({ p, config, inputs, encoded, labels }: HeadContext<LukeConfig>) {
  return linear(
    p.at("classifier"),
    inputs.dropout(firstTokenPooler(p.at("luke.pooler"), encoded.hidden, inputs, config.hiddenSize)),
    labels,
  );
}
