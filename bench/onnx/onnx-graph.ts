import { ProtobufWriter } from "./protobuf-writer.ts";

const FLOAT = 1;
const INT64 = 7;

/** onnxruntime's own operators, under its own domain: docs/ContribOperators.md of its repository. */
const CONTRIBUTED = new Set(["EmbedLayerNormalization", "Attention", "SkipLayerNormalization", "BiasGelu"]);
const CONTRIBUTED_DOMAIN = "com.microsoft";

export type Attribute = number | readonly number[];

/**
 * Collects the nodes and weights of one ONNX graph and writes the file. Field numbers are those of onnx.proto:
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Whole numbers in attributes become INT or INTS.
 */
export class OnnxGraph {
  readonly #graph = new ProtobufWriter();
  #values = 0;

  /** Adds a node and returns the name of its output, the first where it has several. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    outputs: readonly string[] = [`${operator}_${this.#values++}`],
  ): string {
    const name = outputs[0]!;
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, `node_${name}`).text(4, operator);
    if (CONTRIBUTED.has(operator)) node.text(7, CONTRIBUTED_DOMAIN);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    this.#graph.message(1, node);
    return name;
  }

  /** Adds a float32 weight and returns its name. */
  weight(name: string, dims: readonly number[], values: Float32Array): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.#initializer(name, FLOAT, dims, bytes);
  }

  /** Adds a constant of 64-bit integers; without `dims` it is a list. */
  integers(values: readonly number[], dims: readonly number[] = [values.length]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#initializer(`integers_${this.#values++}`, INT64, dims, bytes);
  }

  /** Adds a float32 scalar. */
  scalar(value: number): string {
    return this.weight(`scalar_${this.#values++}`, [], Float32Array.of(value));
  }

  /** Declares an input of integers; a dimension that is a word is free. */
  integerInput(name: string, dims: readonly (number | string)[]): string {
    this.#graph.message(11, valueInfo(name, INT64, dims));
    return name;
  }

  floatOutput(name: string, dims: readonly (number | string)[]): void {
    this.#graph.message(12, valueInfo(name, FLOAT, dims));
  }

  /** The bytes of the whole file. */
  finish(name: string, opset: number): Uint8Array {
    this.#graph.text(2, name);
    const standard = new ProtobufWriter().text(1, "").integer(2, opset);
    const contributed = new ProtobufWriter().text(1, CONTRIBUTED_DOMAIN).integer(2, 1);
    return new ProtobufWriter()
      .integer(1, 8) // the format's version, of the time of opset 14 to 18
      .text(2, "cloze-bench")
      .message(7, this.#graph)
      .message(8, standard)
      .message(8, contributed)
      .finish();
  }

  #initializer(name: string, type: number, dims: readonly number[], bytes: Uint8Array): string {
    const tensor = new ProtobufWriter();
    for (const dim of dims) tensor.integer(1, dim);
    this.#graph.message(5, tensor.integer(2, type).text(8, name).bytes(9, bytes));
    return name;
  }
}

function attribute(name: string, value: Attribute): ProtobufWriter {
  const written = new ProtobufWriter().text(1, name);
  if (typeof value !== "number") {
    for (const item of value) written.integer(8, item);
    return written.integer(20, 7);
  }
  if (Number.isInteger(value)) return written.integer(3, value).integer(20, 2);
  return written.float(2, value).integer(20, 1);
}

function valueInfo(name: string, type: number, dims: readonly (number | string)[]): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of dims) {
    const size = new ProtobufWriter();
    shape.message(1, typeof dim === "number" ? size.integer(1, dim) : size.text(2, dim));
  }
  const tensor = new ProtobufWriter().integer(1, type).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
