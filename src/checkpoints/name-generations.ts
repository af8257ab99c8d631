/** How tensors were named in earlier generations of checkpoints, one table each. Architectures add their own. */
import type { NameGeneration } from "./name-mapping.ts";

/** Checkpoints converted from TensorFlow, until about 2020: norms have a gamma and a beta. */
export const GAMMA_AND_BETA: NameGeneration = {
  name: "gamma and beta",
  rules: [
    { file: "**LayerNorm.gamma", canonical: "**LayerNorm.weight" },
    { file: "**LayerNorm.beta", canonical: "**LayerNorm.bias" },
    { file: "**layer_norm.gamma", canonical: "**layer_norm.weight" },
    { file: "**layer_norm.beta", canonical: "**layer_norm.bias" },
  ],
};

/**
 * Buffers that were saved with the weights and hold nothing learned: counts from 0 up, zeros, rotary frequencies. They are
 * not read, and written back as they were.
 */
export const STRAY_BUFFERS: readonly string[] = [
  "**embeddings.position_ids",
  "**embeddings.token_type_ids",
  "**rotary_emb.inv_freq",
];

/** What training wrappers and Sentence Transformers put before every name. */
export const WRAPPERS: readonly string[] = ["module.", "_orig_mod.", "0.auto_model.", "auto_model.", "model."];
