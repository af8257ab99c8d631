import type { Graph, Value } from "../../engine/graph.ts";
import type { ModelGraph } from "../../models/model-graph.ts";

/** What a loss is built from: the model's graph and all its outputs. */
export interface LossContext extends ModelGraph {
  readonly graph: Graph;
}

/**
 * The loss of one objective. A run weighs its rows by the f32 input `${name}Weights` [R, 1]: for a mean, each row's weight
 * is 1 / rows; a row that does not count has 0.
 */
export interface LossTerm {
  readonly name: string;
  readonly rows: Value; // [R, 1]
}

/** Adds the losses of a model to its graph; labels are inputs that it declares. */
export type LossBuilder = (context: LossContext) => readonly LossTerm[];
