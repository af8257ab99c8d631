import type { Graph, Value } from "../engine/graph.ts";
import { dropout } from "../engine/ops/dropout.ts";

/** Shares of numbers that training drops, from 0 to below 1. */
export interface DropoutRates {
  /** Of token vectors: embeddings, what each half of a block adds, what a classifier reads. */
  readonly hidden: number;
  /** Of the probabilities of attention. */
  readonly attention: number;
}

/**
 * What a packed batch tells a model: T tokens of B texts one after another, no padding. Each input is declared when an
 * architecture first asks for it; a program takes only those that it reads.
 */
export class BatchInputs {
  readonly graph: Graph;
  readonly #dropout: DropoutRates;
  #places = 0;

  /** `dropout`: the shares of numbers that training drops. Default: none. */
  constructor(graph: Graph, dropout: DropoutRates = { hidden: 0, attention: 0 }) {
    this.graph = graph;
    this.#dropout = dropout;
  }

  /** A place where training drops numbers; x itself otherwise. Each place drops others. */
  dropout(x: Value, of: keyof DropoutRates = "hidden"): Value {
    const rate = this.#dropout[of];
    if (rate === 0) return x;
    this.#places += 1;
    return dropout(x, this.graph.input("seed", [1], "i32"), rate, this.#places);
  }

  /** Token ids below `vocabularySize` -> i32 [T] */
  ids(vocabularySize: number): Value {
    return this.graph.input("ids", ["tokens"], "i32", { bound: vocabularySize });
  }

  /** Segment of each token, 0 in single texts -> i32 [T] */
  typeIds(types: number): Value {
    return this.graph.input("typeIds", ["tokens"], "i32", { bound: types });
  }

  /** ERNIE's task of each token -> i32 [T] */
  taskIds(tasks: number): Value {
    return this.graph.input("taskIds", ["tokens"], "i32", { bound: tasks });
  }

  /** Position of each token in its text, from the architecture's first position -> i32 [T] */
  positions(count: number): Value {
    return this.graph.input("positions", ["tokens"], "i32", { bound: count });
  }

  /** Where each text starts; the last is T -> i32 [B + 1] */
  get offsets(): Value {
    return this.graph.input("offsets", ["texts+1"], "i32", { covers: "tokens" });
  }

  /** Where each text's pairs of tokens start; the last is P -> i32 [B + 1] */
  get pairOffsets(): Value {
    return this.graph.input("pairOffsets", ["texts+1"], "i32", { covers: "pairs" });
  }

  /** Rows of the batch that a head looks at, such as the masked ones -> i32 [S] */
  get rows(): Value {
    return this.graph.input("rows", ["rows"], "i32", { bound: "tokens" });
  }
}
