import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gaussian } from "../../src/backends/random.ts";
import { writeSafetensors } from "../../src/checkpoints/safetensors-write.ts";
import { memoryTensor } from "../../src/checkpoints/stored-types.ts";

/** An encoder's folder with what Sentence Transformers puts after it: the mean, a Dense module with tanh, length 1. */
export function writeDenseFolder(encoder: string, folder: string, sizes: readonly [from: number, to: number]): void {
  const [from, to] = sizes;
  cpSync(encoder, folder, { recursive: true });
  const kinds = ["Transformer", "Pooling", "Dense", "Normalize"];
  const modules = kinds.map((kind, idx) => {
    return {
      idx,
      name: `${idx}`,
      path: idx === 0 ? "" : `${idx}_${kind}`,
      type: `sentence_transformers.models.${kind}`,
    };
  });
  const configs = {
    "1_Pooling": { word_embedding_dimension: from, pooling_mode_mean_tokens: true, pooling_mode_cls_token: false },
    "2_Dense": {
      in_features: from,
      out_features: to,
      bias: true,
      activation_function: "torch.nn.modules.activation.Tanh",
    },
    "3_Normalize": {},
  };
  writeFileSync(join(folder, "modules.json"), JSON.stringify(modules));
  for (const [name, config] of Object.entries(configs)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "config.json"), JSON.stringify(config));
  }
  const values = Float32Array.from({ length: from * to }, (_, i) => gaussian(3, i) / Math.sqrt(from));
  writeSafetensors(join(folder, "2_Dense/model.safetensors"), [
    memoryTensor("linear.weight", [to, from], values),
    memoryTensor("linear.bias", [to], values.slice(0, to)),
  ]);
}
