import type { Value } from "../engine/graph.ts";
import type { AttentionBiases } from "../engine/ops/attention.ts";
import { add } from "../engine/ops/elementwise.ts";
import { embedding } from "../engine/ops/embedding.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import { type BertBlockSizes, bertBlock, type Rotate } from "../nn/bert-block.ts";
import type { Encoded } from "./architecture.ts";
import { encodeBlocks } from "./encode-blocks.ts";

export interface EmbeddingSizes {
  readonly vocabularySize: number;
  readonly types: number;
  readonly maxPositions: number;
}

/** Word, segment and position embeddings under the names of BERT's line, summed, not yet normed -> [T, size] */
export function sumEmbeddings(p: ParameterPath, sizes: EmbeddingSizes, size: number, inputs: BatchInputs): Value {
  const { vocabularySize, types, maxPositions } = sizes;
  const words = embedding(p.weight("word_embeddings.weight", [vocabularySize, size]), inputs.ids(vocabularySize));
  const segments = embedding(p.weight("token_type_embeddings.weight", [types, size]), inputs.typeIds(types));
  const positions = embedding(
    p.weight("position_embeddings.weight", [maxPositions, size]),
    inputs.positions(maxPositions),
  );
  return add(add(words, segments), positions);
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
