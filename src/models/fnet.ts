import { count, only, positive, probability, size, tokenId } from "../checkpoints/config-fields.ts";
import { below, type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { activation, add } from "../engine/ops/elementwise.ts";
import { fourier } from "../engine/ops/fourier.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { activationName } from "./activation-names.ts";
import { defineArchitecture } from "./architecture.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { bertHeads, bertTies } from "./bert-heads.ts";
import { encodeBlocks } from "./encode-blocks.ts";

const config = defineConfig(
  {
    vocabularySize: size("vocab_size", 32000),
    hiddenSize: size("hidden_size", 768),
    layers: count("num_hidden_layers", 12),
    feedForwardSize: size("intermediate_size", 3072),
    activation: activationName("hidden_act", "gelu_new"),
    maxPositions: size("max_position_embeddings", 512),
    types: size("type_vocab_size", 4),
    normEpsilon: positive("layer_norm_eps", 1e-12),
    /** The matrices for TPUs transform texts padded to a fixed length: other numbers. */
    isForTpu: only("use_tpu_fourier_optimizations", false),
    initializerRange: positive("initializer_range", 0.02),
    hiddenDropout: probability("hidden_dropout_prob", 0.1),
    padId: tokenId("pad_token_id", 3),
  },
  [below("padId", "vocabularySize")],
);
type FNetConfig = ConfigValues<typeof config>;

/**
 * FNet: a Fourier transform over each text in place of attention. A text's result is that of the text without padding.
 * Source: arXiv 2105.03824; transformers, models/fnet/modeling_fnet.py.
 */
export const fnet = defineArchitecture({
  name: "fnet",
  prefix: "fnet",
  config,
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs);
    const normed = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
    const embedded = linear(p.at("embeddings.projection"), normed, config.hiddenSize);
    return encodeBlocks(embedded, config.layers, (x, i) => ({
      hidden: block(p.at("encoder.layer").at(i), x, inputs, config),
    }));
  },
  heads: bertHeads("fnet"),
  ...bertTies("fnet"),
});

function block(p: ParameterPath, x: Value, inputs: BatchInputs, config: FNetConfig): Value {
  const { hiddenSize, feedForwardSize, normEpsilon } = config;
  const mixed = layerNorm(p.at("fourier.output.LayerNorm"), add(x, fourier(x, inputs.offsets)), normEpsilon);
  const inner = activation(linear(p.at("intermediate.dense"), mixed, feedForwardSize), config.activation);
  return layerNorm(
    p.at("output.LayerNorm"),
    add(inputs.dropout(linear(p.at("output.dense"), inner, hiddenSize)), mixed),
    normEpsilon,
  );
}
