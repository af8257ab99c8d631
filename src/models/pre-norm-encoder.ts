import type { Value } from "../engine/graph.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";
import type { BertBlockSizes, Rotate } from "../nn/bert-block.ts";
import { layerNorm } from "../nn/norm.ts";
import { type PreNormNames, preNormBlock } from "../nn/pre-norm-block.ts";
import type { Encoded } from "./architecture.ts";
import { encodeBlocks } from "./encode-blocks.ts";

export interface PreNormOptions {
  readonly names: PreNormNames;
  /** The norm after the last block, from the encoder's root. */
  readonly finalNorm: string;
  readonly rotate?: Rotate;
}

/**
 * The blocks `encoder.layer.0` ... of BERT's pre-norm descendants, and the norm that ends them. As in the reference,
 * the last of the hidden states is the normed one. `p` stands at the encoder's root.
 */
export function encodePreNormLayers(
  p: ParameterPath,
  embedded: Value, // [T, D]
  config: BertBlockSizes & { readonly layers: number },
  inputs: BatchInputs,
  options: PreNormOptions,
): Encoded {
  return encodeBlocks(
    embedded,
    config.layers,
    (x, i) => preNormBlock(p.at("encoder.layer").at(i), x, inputs, config, options),
    (x) => layerNorm(p.at(options.finalNorm), x, config.normEpsilon),
  );
}
