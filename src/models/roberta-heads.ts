import type { Value } from "../engine/graph.ts";
import { activation } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import { linear as linearOp } from "../engine/ops/linear.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Head, HeadContext } from "./architecture.ts";
import { answerHead, firstTokenClassifier, firstTokenPooler, tokenHead } from "./heads.ts";

interface RobertaHeadConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly normEpsilon: number;
}

/**
 * RoBERTa's heads for an encoder at `prefix`. The masked-word head always uses gelu, and the sequence head always tanh,
 * whatever `hidden_act` says. Source: transformers, models/roberta/modeling_roberta.py.
 */
export function robertaHeads<C extends RobertaHeadConfig>(prefix: string) {
  const pooled = ({ p, config, inputs, encoded }: HeadContext<C>): Value =>
    firstTokenPooler(p.at(prefix).at("pooler"), encoded.hidden, inputs, config.hiddenSize);
  const wordLogits = ({ p, config, inputs, encoded, decoder }: HeadContext<C>): Value => {
    const table = decoder("lm_head.decoder.weight", [config.vocabularySize, config.hiddenSize]);
    return languageHead(p.at("lm_head"), encoded.hidden, table, config.normEpsilon, inputs);
  };
  return {
    base: (context) => ({ pooled: pooled(context) }),
    mlm: (context) => ({ logits: wordLogits(context) }),
    sequence: (context) => firstTokenClassifier(context, "tanh"),
    choice: (context) => ({ logits: linear(context.p.at("classifier"), context.inputs.dropout(pooled(context)), 1) }),
    token: tokenHead,
    qa: ({ p, encoded }) => answerHead(p, encoded.hidden),
  } as const satisfies { [head: string]: Head<C> };
}

/** What the masked-word head shares with the embeddings at `prefix`, and what files of it hold twice. */
export function robertaTies(prefix: string) {
  return {
    decoders: { "lm_head.decoder.weight": `${prefix}.embeddings.word_embeddings.weight` },
    copies: { "lm_head.decoder.bias": "lm_head.bias" },
  };
}

/** `dense`, gelu, a norm and the tied table for the selected rows -> [S, V] */
export function languageHead(
  p: ParameterPath,
  hidden: Value,
  table: Value,
  epsilon: number,
  inputs: BatchInputs,
  names: { readonly norm: string; readonly bias: string } = { norm: "layer_norm", bias: "bias" },
): Value {
  const [words, size] = table.shape as [number, number];
  const selected = gatherRows(hidden, inputs.rows);
  const normed = layerNorm(p.at(names.norm), activation(linear(p.at("dense"), selected, size), "gelu"), epsilon);
  return linearOp(normed, table, { bias: p.bias(names.bias, [words]) });
}
