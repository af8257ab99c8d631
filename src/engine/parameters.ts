import type { Graph, Value } from "./graph.ts";
import { type Initializer, normal, ONES, ZEROS } from "./initializer.ts";

/**
 * Parameters by path: `p.at("attention.self").weight("query.weight", [D, D])` is the checkpoint's
 * `...attention.self.query.weight`. Reading a model file top-down one reads the checkpoint's tree; the names stand
 * nowhere else. The same calls serve loading, saving, fresh initialisation and the check of the file.
 */
export class ParameterPath {
  readonly graph: Graph;
  readonly path: string;
  readonly #deviation: number;
  readonly #nameOf: (path: string) => string;

  /**
   * `deviation`: of fresh weights, the config's `initializer_range`. `nameOf`: the parameter at a path, where two models
   * of one graph share some.
   */
  constructor(graph: Graph, path = "", deviation = 0.02, nameOf = (path: string) => path) {
    this.graph = graph;
    this.path = path;
    this.#deviation = deviation;
    this.#nameOf = nameOf;
  }

  /** The same reader one or more steps down the tree. */
  at(path: string | number): ParameterPath {
    return new ParameterPath(this.graph, this.#join(String(path)), this.#deviation, this.#nameOf);
  }

  /** A weight matrix or table; starts normal. */
  weight(name: string, shape: readonly number[], initializer: Initializer = normal(this.#deviation)): Value {
    return this.graph.parameter(this.#nameOf(this.#join(name)), shape, initializer);
  }

  /** A bias; starts at 0. */
  bias(name: string, shape: readonly number[]): Value {
    return this.graph.parameter(this.#nameOf(this.#join(name)), shape, ZEROS);
  }

  /** A norm's scale; starts at 1. */
  gain(name: string, shape: readonly number[]): Value {
    return this.graph.parameter(this.#nameOf(this.#join(name)), shape, ONES);
  }

  #join(name: string): string {
    return [this.path, name].filter((part) => part !== "").join(".");
  }
}
