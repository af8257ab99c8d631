import type { Value } from "../engine/graph.ts";
import type { AttentionBiases } from "../engine/ops/attention.ts";
import { add } from "../engine/ops/elementwise.ts";
import { embedding } from "../engine/ops/embedding.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { type BertBlockSizes, bertBlock, type Rotate } from "../nn/bert-block.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Encoded } from "./architecture.ts";
import { encodeBlocks } from "./encode-blocks.ts";

export interface EmbeddingSizes {
  readonly vocabularySize: number;
  /** 0 or left out: no segments. */
  readonly types?: number;
  readonly maxPositions: number;
}

/**
 * Word, segment and position embeddings under the names of BERT's line, summed, not yet normed -> [T, size]
 *
 * @param options.positions false where the encoder has positions of another kind. Default: true.
 */
export function sumEmbeddings(
  p: ParameterPath,
  { vocabularySize, types = 0, maxPositions }: EmbeddingSizes,
  size: number,
  inputs: BatchInputs,
  { positions = true }: { readonly positions?: boolean } = {},
): Value {
  let sum = embedding(p.weight("word_embeddings.weight", [vocabularySize, size]), inputs.ids(vocabularySize));
  if (types > 0)
    sum = add(sum, embedding(p.weight("token_type_embeddings.weight", [types, size]), inputs.typeIds(types)));
  if (!positions) return sum;
  const table = p.weight("position_embeddings.weight", [maxPositions, size]);
  return add(sum, embedding(table, inputs.positions(maxPositions)));
}

/**
 * The embeddings of ELECTRA's line: of a size of their own, normed, and mapped to the hidden size where it is another
 * -> [T, D]. `p` stands at the encoder's root.
 */
export function projectEmbeddings(
  p: ParameterPath,
  config: EmbeddingSizes & {
    readonly embeddingSize?: number | undefined;
    readonly hiddenSize: number;
    readonly normEpsilon: number;
  },
  inputs: BatchInputs,
  options: { readonly positions?: boolean } = {},
): Value {
  const { hiddenSize, embeddingSize = hiddenSize, normEpsilon } = config;
  const sum = sumEmbeddings(p.at("embeddings"), config, embeddingSize, inputs, options);
  const normed = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, normEpsilon));
  return embeddingSize === hiddenSize ? normed : linear(p.at("embeddings_project"), normed, hiddenSize);
}

/** The blocks `layer.0` ... of BERT's line on the embedded tokens. `p` stands at the encoder. */
export function encodeLayers(
  p: ParameterPath,
  embedded: Value, // [T, D]
  config: BertBlockSizes & { readonly layers: number },
  inputs: BatchInputs,
  options: { biases?: AttentionBiases; rotate?: Rotate } = {},
): Encoded {
  return encodeBlocks(embedded, config.layers, (x, i) => bertBlock(p.at("layer").at(i), x, inputs, config, options));
}
