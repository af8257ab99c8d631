import { only, size, tokenId } from "../checkpoints/config-fields.ts";
import { type ConfigValues, defineConfig } from "../checkpoints/config-reader.ts";
import type { Value } from "../engine/graph.ts";
import { add } from "../engine/ops/elementwise.ts";
import { gatherRows } from "../engine/ops/embedding.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { type BlockResult, bertFeedForward } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import { selfAttention } from "../nn/self-attention.ts";
import { defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { sumEmbeddings } from "./bert-encoder.ts";
import { encodeBlocks } from "./encode-blocks.ts";
import { robertaHeads, robertaTies } from "./roberta-heads.ts";

/** After which positions count, whatever `pad_token_id` says, as in the reference. */
const PADDING_ID = 1;
/** Distances beyond it share the last bucket. */
const MAX_DISTANCE = 128;

const { types: _, ...sharedFields } = bertFields;
const config = defineConfig(
  {
    ...sharedFields,
    vocabularySize: size("vocab_size", 30527),
    padId: tokenId("pad_token_id", 1),
    /** The reference passes no other number to its bucket function. */
    buckets: only("relative_attention_num_buckets", 32),
  },
  bertRules,
);
type MpnetConfig = ConfigValues<typeof config>;

/**
 * MPNet: BERT's blocks with a bias by bucketed distance, shared by all layers; no segments.
 * Source: arXiv 2004.09297; transformers, models/mpnet/modeling_mpnet.py.
 */
export const mpnet = defineArchitecture({
  name: "mpnet",
  prefix: "mpnet",
  config,
  positionsAfter: () => PADDING_ID,
  maxLength: ({ maxPositions }) => maxPositions - PADDING_ID - 1,
  encode(p, config, inputs) {
    const sum = sumEmbeddings(p.at("embeddings"), config, config.hiddenSize, inputs);
    const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
    const relativeBias = distanceBias(p.at("encoder.relative_attention_bias"), config);
    return encodeBlocks(embedded, config.layers, (x, i) =>
      block(p.at("encoder.layer").at(i), x, relativeBias, inputs, config),
    );
  },
  heads: robertaHeads("mpnet"),
  ...robertaTies("mpnet"),
});

/** The bias of each distance j - i from -128 to 128 -> [257, H] */
function distanceBias(p: ParameterPath, { buckets, heads }: MpnetConfig): Value {
  const index = Int32Array.from({ length: 2 * MAX_DISTANCE + 1 }, (_, i) => distanceBucket(i - MAX_DISTANCE, buckets));
  const distances = p.graph.constant("distance buckets", index, [index.length, 1]);
  return gatherRows(p.weight("weight", [buckets, heads]), distances);
}

/**
 * The bucket of a distance: half of them for each direction, exact for small distances, then logarithmic. The
 * logarithms are f32, as the reference's, since they decide which side of a border a distance falls.
 */
function distanceBucket(distance: number, buckets: number): number {
  const half = buckets / 2;
  const exact = half / 2;
  const far = Math.abs(distance);
  const direction = distance > 0 ? half : 0;
  if (far < exact) return direction + far;
  const steps = Math.fround(
    Math.fround(Math.log(Math.fround(far / exact))) / Math.fround(Math.log(MAX_DISTANCE / exact)),
  );
  return direction + Math.min(half - 1, exact + Math.floor(Math.fround(steps * (half - exact))));
}

function block(p: ParameterPath, x: Value, relativeBias: Value, inputs: BatchInputs, config: MpnetConfig): BlockResult {
  const { hiddenSize, heads, normEpsilon } = config;
  const attn = p.at("attention.attn");
  const [q, k, v] = ["q", "k", "v"].map((name) => linear(attn.at(name), x, hiddenSize)) as [Value, Value, Value];
  const { context, probabilities } = selfAttention(q, k, v, inputs, { heads, relativeBias });
  const attended = layerNorm(
    p.at("attention.LayerNorm"),
    add(inputs.dropout(linear(attn.at("o"), context, hiddenSize)), x),
    normEpsilon,
  );
  const output = add(inputs.dropout(bertFeedForward(p, attended, config)), attended);
  return { hidden: layerNorm(p.at("output.LayerNorm"), output, normEpsilon), probabilities };
}
