/** ELECTRA's generator, in one graph with the discriminator that is trained beside it. */
import { seedOf, uniform } from "../../backends/random.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { Value } from "../../engine/graph.ts";
import { ParameterPath } from "../../engine/parameters.ts";
import { ConfigError } from "../../errors.ts";
import type { ConfiguredArchitecture } from "../../models/architecture.ts";
import type { Tail } from "../../models/model-graph.ts";
import { BatchInputs, type DropoutRates } from "../../nn/batch-inputs.ts";

/** What stands before the names of the generator's own parameters while both are trained. */
export const GENERATOR = "generator.";

/**
 * The generator's config: the discriminator's with a share of its width. Embeddings keep their size, since both share them.
 * Source: Clark et al., "ELECTRA", 2020, sections 3.1 and 3.2.
 */
export function generatorConfig(config: JsonObject, share: number): JsonObject {
  const numberOf = (key: string, fallback: number) => (typeof config[key] === "number" ? config[key] : fallback);
  const [size, heads] = [numberOf("hidden_size", 256), numberOf("num_attention_heads", 4)];
  const ownHeads = Math.max(1, Math.round(heads * share));
  return {
    ...config,
    architectures: ["ElectraForMaskedLM"],
    embedding_size: numberOf("embedding_size", 128),
    hidden_size: (ownHeads * size) / heads,
    num_attention_heads: ownHeads,
    intermediate_size: Math.max(1, Math.round(numberOf("intermediate_size", 1024) * share)),
  };
}

/** Reads the masked row, "generatorIds", where the discriminator reads "ids". */
class MaskedInputs extends BatchInputs {
  readonly #outer: BatchInputs;

  constructor(outer: BatchInputs) {
    super(outer.graph);
    this.#outer = outer;
  }

  override ids(vocabularySize: number): Value {
    return this.graph.input("generatorIds", ["tokens"], "i32", { bound: vocabularySize });
  }

  override dropout(x: Value, of?: keyof DropoutRates): Value {
    return this.#outer.dropout(x, of);
  }
}

/**
 * Builds the generator: `generatorLogits` [S, V]. Its embeddings are the discriminator's.
 *
 * @throws ConfigError when it has no masked-word head.
 */
export function generatorTail(generator: ConfiguredArchitecture): Tail {
  const { prefix, heads, config } = generator;
  const shared = `${GENERATOR}${prefix}.embeddings.`;
  const nameOf = (name: string) => (name.startsWith(shared) ? name.slice(GENERATOR.length) : name);
  return ({ graph, inputs }) => {
    if (heads.mlm === undefined)
      throw new ConfigError(`${generator.name} has no masked-word head; it cannot generate.`);
    const p = new ParameterPath(graph, GENERATOR.slice(0, -1), config.initializerRange as number, nameOf);
    const masked = new MaskedInputs(inputs);
    const encoded = generator.encode(p.at(prefix), masked);
    const { logits } = heads.mlm({ p, inputs: masked, encoded });
    return { generatorLogits: logits! };
  };
}

/**
 * Draws a token for each masked place by the generator's probabilities.
 *
 * @param logits `[S, V]`
 * @returns `[S]`
 */
export function sampleTokens(logits: Float32Array, count: number, seed: number): Int32Array {
  const size = logits.length / Math.max(1, count);
  const stream = seedOf(seed, "sample");
  const sampled = new Int32Array(count);
  for (let row = 0; row < count; row++) sampled[row] = sampleRow(logits, row * size, size, uniform(stream, row));
  return sampled;
}

function sampleRow(logits: Float32Array, start: number, size: number, draw: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < size; i++) most = Math.max(most, logits[start + i]!);
  let sum = 0;
  for (let i = 0; i < size; i++) sum += Math.exp(logits[start + i]! - most);
  let left = draw * sum;
  for (let i = 0; i < size; i++) {
    left -= Math.exp(logits[start + i]! - most);
    if (left < 0) return i;
  }
  return size - 1;
}
