/**
 * Gradient caching: a loss over all texts of a step, of which only some are run at a time. All are embedded first; the loss
 * and its gradient by each embedding are found from these alone; then each part is run again, forward and backward, and
 * learns the sum of its embeddings times those gradients, whose gradient by the parameters is that of the loss.
 * Source: Gao et al., "Scaling deep contrastive learning batch size under memory limited setup", arXiv 2101.06983.
 */
import type { Backend, Executable } from "../../backends/backend.ts";
import { differentiate } from "../../engine/differentiate.ts";
import { Graph, type Value } from "../../engine/graph.ts";
import { add, affine, multiply } from "../../engine/ops/elementwise.ts";
import { sumColumns, sumRows } from "../../engine/ops/sum.ts";
import { buildProgram } from "../../engine/program.ts";
import { columnsOf } from "../../engine/shape.ts";
import type { LossTerm } from "../losses/loss-term.ts";
import type { Targets } from "./tuning-task.ts";

const TERM = "cache";

/** What the second run of a part learns: embeddings [B, D] times the f32 input `embeddingGradient` -> [B, 1] */
export function cacheLoss(embeddings: Value): LossTerm {
  const gradient = embeddings.graph.input("embeddingGradient", ["texts", columnsOf(embeddings)], "f32");
  return { name: TERM, rows: sumColumns(multiply(embeddings, gradient)) };
}

/** The inputs of `cacheLoss` for a part's texts. */
export function cacheInputs(embeddingGradient: Float32Array, texts: number): Targets {
  return { embeddingGradient, [`${TERM}Weights`]: new Float32Array(texts).fill(1) };
}

/** A loss of embeddings that are given, with its gradient. */
export class EmbeddingProgram {
  readonly #losses: (embeddings: Value) => readonly LossTerm[];
  readonly #backend: Backend;
  readonly #compiled = new Map<number, { executable: Executable; inputs: readonly string[] }>();

  constructor(losses: (embeddings: Value) => readonly LossTerm[], backend: Backend) {
    this.#losses = losses;
    this.#backend = backend;
  }

  /** The weighted loss of `texts` embeddings [texts, D], and its gradient by them. */
  async run(embeddings: Float32Array, texts: number, targets: Targets) {
    const { executable, inputs } = this.#program(embeddings.length / texts);
    const offered: Targets = { ...targets, embeddings };
    const given = Object.fromEntries(inputs.map((name) => [name, offered[name]!]));
    const { loss, gradient } = await executable.run(given, { texts });
    return { loss: loss![0]!, gradient: gradient! };
  }

  close(): void {
    for (const { executable } of this.#compiled.values()) executable.close();
    this.#compiled.clear();
  }

  #program(size: number) {
    const known = this.#compiled.get(size);
    if (known !== undefined) return known;
    const graph = new Graph();
    const embeddings = graph.input("embeddings", ["texts", size], "f32");
    const losses = this.#losses(embeddings).map(({ name, rows }) => {
      return { value: rows, seed: graph.input(`${name}Weights`, rows.shape, "f32") };
    });
    const sums = losses.map(({ value, seed }) => sumRows(multiply(value, seed)));
    const outputs = {
      loss: sums.reduce((all, sum) => add(all, sum)),
      gradient: affine(differentiate(graph, losses, [embeddings]).get(embeddings)!, 1),
    };
    const program = buildProgram(graph, outputs, { trainable: true });
    const parameters = this.#backend.createParameters((name) => {
      throw new RangeError(name);
    });
    const compiled = { executable: this.#backend.compile(program, parameters), inputs: [...program.inputs.keys()] };
    this.#compiled.set(size, compiled);
    return compiled;
  }
}
