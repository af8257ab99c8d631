/**
 * LoRA: linears stay as they are, and learn by a product of two small matrices beside them. Source: Hu et al., arXiv
 * 2106.09685; names, scale and files as PEFT has them.
 */

import type { TensorSource } from "../../backends/backend.ts";
import { mergeLowRank } from "../../checkpoints/low-rank.ts";
import { type StoredTensor, tensorValues } from "../../checkpoints/stored-types.ts";
import { Graph } from "../../engine/graph.ts";
import { ParameterPath } from "../../engine/parameters.ts";
import { InputError } from "../../errors.ts";
import type { ConfiguredArchitecture } from "../../models/architecture.ts";
import { BatchInputs } from "../../nn/batch-inputs.ts";
import type { FullRecipe } from "./recipe.ts";

/** Every linear of the encoder. */
const ALL = "all";
/** What projections of queries and values, or of all three together, are called. */
const ATTENTION = [
  "query",
  "value",
  "q_proj",
  "v_proj",
  "query_proj",
  "value_proj",
  "q_lin",
  "v_lin",
  "attn.q",
  "attn.v",
  "in_proj",
  "Wqkv",
  "qkv_proj",
  "qkv",
];
const WEIGHT = ".weight";

/** Which linears have an adapter, and of what size. */
export interface LoraPlan {
  readonly rank: number;
  readonly alpha: number;
  /** What the product is multiplied by: alpha / rank. */
  readonly scale: number;
  /** Share of numbers that training drops of what the adapters read. */
  readonly dropout: number;
  /** Canonical names of the weights. */
  readonly weights: ReadonlySet<string>;
}

/** The adapter's matrix that reads, [rank, K], of the weight [N, K]. */
export const inwards = (weight: string): string => `${moduleOf(weight)}.lora_A.weight`;
/** The one that writes, [N, rank]. */
export const outwards = (weight: string): string => `${moduleOf(weight)}.lora_B.weight`;
/** Whether a parameter is an adapter's. */
export const isAdapter = (parameter: string): boolean => /\.lora_[AB]\.weight$/.test(parameter);
/** What a weight belongs to. */
export const moduleOf = (weight: string): string => weight.slice(0, -WEIGHT.length);

/**
 * What a recipe asks for; undefined without LoRA.
 *
 * @throws InputError when no linear of the encoder has such a name, naming some that there are.
 */
export function planLora(architecture: ConfiguredArchitecture, recipe: FullRecipe): LoraPlan | undefined {
  const { lora: rank, loraAlpha, loraTargets, loraDropout: dropout } = recipe;
  if (rank === null) return undefined;
  const linears = encoderLinears(architecture);
  const targets = loraTargets ?? ATTENTION;
  const isTarget = (module: string) =>
    targets.some((target) => target === ALL || module === target || module.endsWith(`.${target}`));
  const weights = linears.filter((name) => isTarget(moduleOf(name)));
  if (weights.length === 0) {
    const last = [...new Set(linears.map((name) => moduleOf(name).split(".").at(-1)!))].map((name) => `"${name}"`);
    throw new InputError(
      `loraTargets ${JSON.stringify(targets)}: no linear of this model is called so. Choose of ${last.join(", ")}, or "${ALL}".`,
    );
  }
  const alpha = loraAlpha ?? 2 * rank;
  return { rank, alpha, scale: alpha / rank, dropout, weights: new Set(weights) };
}

/** Weights that a linear reads as they are. */
function encoderLinears(architecture: ConfiguredArchitecture): string[] {
  const graph = new Graph();
  architecture.encode(new ParameterPath(graph).at(architecture.prefix), new BatchInputs(graph));
  const names = graph.nodes.flatMap(({ op, inputs: { weight } }) => {
    const source = op === "linear" && weight !== undefined ? graph.sources.get(weight.id) : undefined;
    return source?.kind === "parameter" && source.name.endsWith(WEIGHT) ? [source.name] : [];
  });
  return [...new Set(names)];
}

/** Trained tensors with the adapters added to the weights that they stand beside. */
export function mergeAdapters(tensors: readonly StoredTensor[], plan: LoraPlan, base: TensorSource): StoredTensor[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const merged = [...plan.weights].map((name) => {
    const [down, up] = [byName.get(inwards(name)), byName.get(outwards(name))];
    if (down === undefined || up === undefined) throw new InputError(`The adapter of "${name}" was not trained.`);
    const factors = { down: tensorValues(down), up: tensorValues(up), scale: plan.scale };
    return mergeLowRank(base(name), factors);
  });
  return [...tensors.filter(({ name }) => !isAdapter(name)), ...merged];
}
