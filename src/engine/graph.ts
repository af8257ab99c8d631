import type { ElementType, Shape, SizeName } from "../backends/backend.ts";
import type { AttributesOf, InputSlot, OpName } from "../backends/op-table.ts";
import { InputError } from "../errors.ts";
import type { Initializer } from "./initializer.ts";

/** A node's result: a matrix (or vector) that exists once a program runs. */
export interface Value {
  readonly graph: Graph;
  readonly id: number;
  readonly shape: Shape;
  readonly type: ElementType;
}

/** What an operation is to the graph: its name in the op table, its shape rule, its gradient. */
export interface OpDefinition<N extends OpName = OpName> {
  readonly name: N;
  /** The shape of the result. Throws by `shapeError` when the operands do not fit. */
  shape(inputs: OpInputs<N>, attributes: AttributesOf<N>): Shape;
  /**
   * The gradient of each input, given that of the result, as further nodes of the graph. Inputs that nothing is learned
   * through (ids, offsets, masks) have none. An operation without this is not differentiated.
   */
  gradient?(step: Differentiated<N>, gradient: Value): OpInputs<N>;
}

/** A node to be differentiated. */
export interface Differentiated<N extends OpName> {
  readonly inputs: OpInputs<N>;
  readonly attributes: AttributesOf<N>;
  readonly output: Value;
  /** Whether an input's gradient is wanted; others may be left out. */
  wants(slot: InputSlot<N>): boolean;
}

export type OpInputs<N extends OpName> = { readonly [S in InputSlot<N>]?: Value | undefined };

export interface Node {
  readonly op: OpName;
  readonly inputs: { readonly [slot: string]: Value };
  readonly attributes: { readonly [name: string]: number | string };
  readonly output: Value;
  readonly gradient: OpDefinition["gradient"];
}

/** Where a value that no node computes comes from. */
export type Source =
  | { readonly kind: "input"; readonly name: string; readonly bound?: number | SizeName; readonly covers?: SizeName }
  | { readonly kind: "constant"; readonly name: string; readonly data: Float32Array | Int32Array }
  | { readonly kind: "parameter"; readonly name: string; readonly initializer: Initializer };

/**
 * A program under construction. Operations append nodes and return values with symbolic shapes; nothing is computed.
 * Use the functions of `engine/ops` rather than `add`.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly sources = new Map<number, Source>();
  readonly #parameters = new Map<string, Value>();
  readonly #inputs = new Map<string, Value>();
  readonly #values: Value[] = [];

  /**
   * Numbers that every run provides. `bound`: ids must be below it. `covers`: they are ascending offsets over that
   * size. Asking for the same name twice returns the same value.
   */
  input(
    name: string,
    shape: Shape,
    type: ElementType,
    options: { bound?: number | SizeName; covers?: SizeName } = {},
  ): Value {
    const known = this.#inputs.get(name);
    if (known !== undefined) return known;
    const value = this.#value(shape, type);
    this.sources.set(value.id, { kind: "input", name, ...options });
    this.#inputs.set(name, value);
    return value;
  }

  /** Numbers known while building, such as rotary frequencies. */
  constant(name: string, data: Float32Array | Int32Array, shape: Shape): Value {
    const value = this.#value(shape, data instanceof Int32Array ? "i32" : "f32");
    this.sources.set(value.id, { kind: "constant", name, data });
    return value;
  }

  /**
   * A tensor of the checkpoint, by its name there. Asking twice returns the same value (tied weights).
   *
   * @throws InputError when the name was asked for with another shape.
   */
  parameter(name: string, shape: readonly number[], initializer: Initializer): Value {
    const known = this.#parameters.get(name);
    if (known !== undefined) {
      if (known.shape.join() !== shape.join()) {
        throw new InputError(`Parameter "${name}" is asked for as [${shape}] and as [${known.shape}].`);
      }
      return known;
    }
    const value = this.#value(shape, "f32");
    this.sources.set(value.id, { kind: "parameter", name, initializer });
    this.#parameters.set(name, value);
    return value;
  }

  /** Appends a node. */
  add<N extends OpName>(op: OpDefinition<N>, inputs: OpInputs<N>, attributes: AttributesOf<N>): Value {
    const present = Object.fromEntries(
      Object.entries(inputs as Record<string, Value | undefined>).filter(([, value]) => value !== undefined),
    ) as Record<string, Value>;
    const output = this.#value(op.shape(inputs, attributes), "f32");
    this.nodes.push({
      op: op.name,
      inputs: present,
      attributes: attributes as Node["attributes"],
      output,
      gradient: op.gradient as Node["gradient"],
    });
    return output;
  }

  /** Appends a node of this graph once more, on other inputs of the same shapes. */
  repeat(node: Node, inputs: Node["inputs"]): Node {
    const repeated = { ...node, inputs, output: this.#value(node.output.shape, node.output.type) };
    this.nodes.push(repeated);
    return repeated;
  }

  /** The parameters asked for so far, in order. */
  get parameters(): readonly { name: string; shape: readonly number[]; initializer: Initializer; value: Value }[] {
    return [...this.#parameters].map(([name, value]) => {
      const source = this.sources.get(value.id);
      if (source?.kind !== "parameter") throw new InputError(`Parameter "${name}" lost its source.`);
      return { name, shape: value.shape as readonly number[], initializer: source.initializer, value };
    });
  }

  /** The value of that number. */
  valueOf(id: number): Value {
    const value = this.#values[id];
    if (value === undefined) throw new InputError(`The graph has no value ${id}; it has ${this.#values.length}.`);
    return value;
  }

  #value(shape: Shape, type: ElementType): Value {
    const value: Value = { graph: this, id: this.#values.length, shape, type };
    this.#values.push(value);
    return value;
  }
}
