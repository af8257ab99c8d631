import type { Activation } from "../backends/op-table.ts";
import type { Value } from "../engine/graph.ts";
import { linear } from "../nn/linear.ts";
import type { Head, HeadContext, HeadName } from "./architecture.ts";
import { answerHead, firstTokenPooler, maskedHead, tokenHead } from "./heads.ts";

/** What BERT's own heads need to know of a config. */
interface BertHeadConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

/**
 * BERT's eight heads, under the names of its checkpoints, for an encoder that stands at `prefix`.
 * Source: arXiv 1810.04805; transformers, models/bert/modeling_bert.py.
 */
export function bertHeads<C extends BertHeadConfig>(prefix: string): { readonly [H in HeadName]: Head<C> } {
  type Context = HeadContext<C>;
  const pooled = ({ p, config, inputs, encoded }: Context): Value =>
    firstTokenPooler(p.at(prefix).at("pooler"), encoded.hidden, inputs, config.hiddenSize);
  const wordLogits = ({ p, config, inputs, encoded, decoder }: Context): Value => {
    const table = decoder("cls.predictions.decoder.weight", [config.vocabularySize, config.hiddenSize]);
    return maskedHead(p.at("cls.predictions"), encoded.hidden, inputs, { ...config, table });
  };
  // Whether the second text follows the first: index 0 says that it does -> [B, 2]
  const followsLogits = (context: Context): Value => linear(context.p.at("cls.seq_relationship"), pooled(context), 2);
  const classify = (context: Context, labels: number): Value =>
    linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), labels);
  return {
    base: (context) => ({ pooled: pooled(context) }),
    mlm: (context) => ({ logits: wordLogits(context) }),
    pretraining: (context) => ({
      predictionLogits: wordLogits(context),
      seqRelationshipLogits: followsLogits(context),
    }),
    nsp: (context) => ({ logits: followsLogits(context) }),
    sequence: (context) => ({ logits: classify(context, context.labels) }),
    choice: (context) => ({ logits: classify(context, 1) }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  };
}

/** What BERT's masked-word head shares with the embeddings at `prefix`, and what files of it hold twice. */
export function bertTies(prefix: string) {
  return {
    decoders: { "cls.predictions.decoder.weight": `${prefix}.embeddings.word_embeddings.weight` },
    copies: { "cls.predictions.decoder.bias": "cls.predictions.bias" },
  };
}
