import type { AttributesOf, OpName } from "../../backends/op-table.ts";
import { Graph, type OpDefinition, type OpInputs, type Value } from "../../engine/graph.ts";
import { normal, ZEROS } from "../../engine/initializer.ts";
import { dropout } from "../../engine/ops/dropout.ts";
import { add, affine } from "../../engine/ops/elementwise.ts";
import { linear } from "../../engine/ops/linear.ts";
import { columnsOf } from "../../engine/shape.ts";
import { inwards, type LoraPlan, outwards } from "./lora.ts";

/** Streams of dropout that no model's own places have. */
const FIRST_STREAM = 1_000_000;

/**
 * A graph in which chosen linears have an adapter beside them: x W' + scale (x A') B'. A starts at random and B at 0, so
 * that the first results are the base's.
 */
export class AdaptedGraph extends Graph {
  readonly #plan: LoraPlan;
  readonly #dropout: number;
  #places = 0;

  /** @param dropout the share of numbers that training drops of what the adapters read */
  constructor(plan: LoraPlan, dropout: number) {
    super();
    this.#plan = plan;
    this.#dropout = dropout;
  }

  override add<N extends OpName>(op: OpDefinition<N>, inputs: OpInputs<N>, attributes: AttributesOf<N>): Value {
    const output = super.add(op, inputs, attributes);
    if (op.name !== "linear") return output;
    const { x, weight } = inputs as OpInputs<"linear">;
    const name = this.#nameOf(weight);
    if (x === undefined || name === undefined || !this.#plan.weights.has(name)) return output;
    return add(output, this.#adapter(name, x, columnsOf(output)));
  }

  #adapter(weight: string, x: Value, size: number): Value {
    const { rank, scale } = this.#plan;
    const inner = columnsOf(x);
    // The variance of Kaiming's uniform numbers with a slope of root 5, as the reference has them.
    const down = this.parameter(inwards(weight), [rank, inner], normal(1 / Math.sqrt(3 * inner)));
    const up = this.parameter(outwards(weight), [size, rank], ZEROS);
    return affine(linear(linear(this.#dropped(x), down), up), scale);
  }

  #dropped(x: Value): Value {
    if (this.#dropout === 0) return x;
    this.#places += 1;
    return dropout(x, this.input("seed", [1], "i32"), this.#dropout, FIRST_STREAM + this.#places);
  }

  #nameOf(value: Value | undefined): string | undefined {
    const source = value === undefined ? undefined : this.sources.get(value.id);
    return source?.kind === "parameter" ? source.name : undefined;
  }
}
