import { flag, optional, probability, size } from "../checkpoints/config-fields.ts";
import { defineConfig } from "../checkpoints/config-reader.ts";
import { add } from "../engine/ops/elementwise.ts";
import { embedding } from "../engine/ops/embedding.ts";
import { layerNorm } from "../nn/norm.ts";
import { defineArchitecture } from "./architecture.ts";
import { bertFields, bertRules } from "./bert-config.ts";
import { encodeLayers, sumEmbeddings } from "./bert-encoder.ts";
import { bertHeads, bertTies } from "./bert-heads.ts";

/**
 * ERNIE 1.0 to 3.0: BERT with an embedding of the task that a token belongs to (`taskIds`), pre-trained by masking
 * whole phrases and entities. Source: arXiv 1904.09223, 1907.12412; transformers, models/ernie/modeling_ernie.py.
 */
export const ernie = defineArchitecture({
  name: "ernie",
  prefix: "ernie",
  config: defineConfig(
    {
      ...bertFields,
      classifierDropout: optional(probability("classifier_dropout")),
      hasTasks: flag("use_task_id", false),
      tasks: size("task_type_vocab_size", 3),
    },
    bertRules,
  ),
  maxLength: ({ maxPositions }) => maxPositions,
  encode(p, config, inputs) {
    const { hiddenSize, hasTasks, tasks } = config;
    let sum = sumEmbeddings(p.at("embeddings"), config, hiddenSize, inputs);
    if (hasTasks) {
      const table = p.weight("embeddings.task_type_embeddings.weight", [tasks, hiddenSize]);
      sum = add(sum, embedding(table, inputs.taskIds(tasks)));
    }
    const embedded = inputs.dropout(layerNorm(p.at("embeddings.LayerNorm"), sum, config.normEpsilon));
    return encodeLayers(p.at("encoder"), embedded, config, inputs);
  },
  heads: bertHeads("ernie"),
  ...bertTies("ernie"),
  generations: () => [
    { name: "converted before it had a name of its own", rules: [{ file: "bert.**", canonical: "ernie.**" }] },
  ],
});
