import type { Activation } from "../backends/op-table.ts";
import { choice, only, optional, probability } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { JsonObject } from "../checkpoints/json-files.ts";
import type { Value } from "../engine/graph.ts";
import { add, gatedUnit } from "../engine/ops/elementwise.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import { alibiSlopes } from "../nn/alibi.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { type BlockResult, bertFeedForward, bertSelfAttention } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { type Architecture, defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { bertHeads, bertTies } from "./bert-heads.ts";
import { encodeBlocks } from "./encode-blocks.ts";

const { positionType: _, ...sharedFields } = bertFields;
const fields = {
  ...sharedFields,
  positionType: only("position_embedding_type", "alibi"),
  /** `original` is BERT's feed-forward; the others gate by gelu or relu. */
  feedForward: choice("feed_forward_type", ["original", "geglu", "reglu"], "original"),
  classifierDropout: optional(probability("classifier_dropout")),
} as const;
const config = defineConfig(fields, bertRules);
type JinaConfig = ConfigValues<typeof config>;
type Block = (p: ParameterPath, x: Value, inputs: BatchInputs, config: JinaConfig) => BlockResult;

/** The variant for code always gates; `hidden_act` does not say by what. */
const codeConfig = defineConfig(
  { ...fields, feedForward: choice("feed_forward_type", ["geglu", "reglu"], "geglu") },
  bertRules,
);

/**
 * JinaBERT v2: BERT's names with scores that fall with distance (ALiBi) in place of position embeddings, and a gated
 * feed-forward. Its `model_type` is "bert", so it is known by its position type; the variant for code, by its norms of
 * queries and keys. Source: arXiv 2310.19923; text-embeddings-inference, backends/candle/src/models/jina.rs, jina_code.rs.
 */
function jinaLike(name: string, isCode: boolean, block: Block): Architecture {
  return defineArchitecture({
    name,
    prefix: "bert",
    config: isCode ? codeConfig : config,
    matches: (json: JsonObject, names) => isAlibi(json) && isCode === hasNormedQueries(names),
    maxLength: ({ maxPositions }) => maxPositions,
    encode(p, config, inputs) {
      const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs, { positions: false });
      const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
      return encodeBlocks(embedded, config.layers, (x, i) => block(p.at("encoder.layer").at(i), x, inputs, config));
    },
    heads: bertHeads<JinaConfig>("bert"),
    ...bertTies("bert"),
  });
}

export const jinaBertV2 = jinaLike("jina-bert-v2", false, block);
export const jinaBertV2Code = jinaLike("jina-bert-v2-code", true, codeBlock);

/** What the gate applies, whatever `hidden_act` says. */
function gateOf({ feedForward }: JinaConfig): Activation {
  return feedForward === "reglu" ? "relu" : "gelu";
}

function isAlibi(json: JsonObject): boolean {
  return json.model_type === "bert" && json.position_embedding_type === "alibi";
}

function hasNormedQueries(names: ReadonlySet<string>): boolean {
  return [...names].some((name) => name.endsWith("attention.self.layer_norm_q.weight"));
}

function attend(p: ParameterPath, x: Value, inputs: BatchInputs, config: JinaConfig, normed: boolean): BlockResult {
  const { hiddenSize, normEpsilon } = config;
  const self = p.at("attention.self");
  const norm = (name: string, value: Value) => layerNorm(self.at(name), value, normEpsilon);
  const { context, probabilities } = bertSelfAttention(self, x, inputs, config, {
    biases: { slopes: alibiSlopes(x.graph, config.heads) },
    ...(normed ? { rotate: (q, k, v) => [norm("layer_norm_q", q), norm("layer_norm_k", k), v] as const } : {}),
  });
  const output = add(inputs.dropout(linear(p.at("attention.output.dense"), context, hiddenSize)), x);
  return { hidden: layerNorm(p.at("attention.output.LayerNorm"), output, normEpsilon), probabilities };
}

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: JinaConfig): BlockResult {
  const { hiddenSize, feedForwardSize, normEpsilon, feedForward } = config;
  const { hidden, probabilities } = attend(p, x, inputs, config, false);
  if (feedForward === "original") {
    const output = add(inputs.dropout(bertFeedForward(p, hidden, config)), hidden);
    return { hidden: layerNorm(p.at("output.LayerNorm"), output, normEpsilon), probabilities };
  }
  const inner = linear(p.at("mlp.gated_layers"), hidden, 2 * feedForwardSize, { bias: false });
  const gated = gatedUnit(inner, gateOf(config), "first");
  const output = add(inputs.dropout(linear(p.at("mlp.wo"), gated, hiddenSize)), hidden);
  return { hidden: layerNorm(p.at("mlp.layernorm"), output, normEpsilon), probabilities };
}

/** The variant for code: a second residual and norm around attention, and the gate in the second half. */
function codeBlock(p: ParameterPath, x: Value, inputs: BatchInputs, config: JinaConfig): BlockResult {
  const { hiddenSize, feedForwardSize, normEpsilon } = config;
  const { hidden, probabilities } = attend(p, x, inputs, config, true);
  const normed = layerNorm(p.at("layer_norm_1"), add(hidden, x), normEpsilon);
  const inner = linear(p.at("mlp.up_gated_layer"), normed, 2 * feedForwardSize, { bias: false });
  const output = linear(p.at("mlp.down_layer"), gatedUnit(inner, gateOf(config), "second"), hiddenSize);
  return { hidden: layerNorm(p.at("layer_norm_2"), add(output, normed), normEpsilon), probabilities };
}
