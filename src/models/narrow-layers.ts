import { ReferenceBackend } from "../backends/reference/reference.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import { configure, loadModel, statedHeadOf } from "./load-model.ts";

/**
 * What of a checkpoint can be kept in bf16 or int8: the weights of matmuls and the tables of embeddings, by their canonical
 * names; those that run as one matmul (queries, keys and values) together.
 */
export function narrowLayers(checkpoint: Checkpoint): string[][] {
  const head = statedHeadOf(configure(checkpoint)) ?? "base";
  const { model } = loadModel(checkpoint, { head, backend: new ReferenceBackend(), dtype: "int8" });
  const weights = checkpoint.weights(model.architecture.names);
  const whole = (output: string) => model.parameters([output]).every(({ name }) => weights.has(name));
  const { values, parameters } = model.program(["hidden", ...model.headOutputs.filter(whole)]);
  model.close();
  return parameters.filter(({ value }) => values[value]?.type === "int8").map(({ parts }) => [...parts]);
}
