import type { TensorSource } from "../../backends/backend.ts";
import type { CheckpointWeights } from "../../checkpoints/checkpoint-weights.ts";
import { type ModelLocation, resolveWhere } from "../../checkpoints/default-model.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import { Checkpoint } from "../../checkpoints/repository.ts";
import { elementCount } from "../../checkpoints/stored-types.ts";
import { Graph } from "../../engine/graph.ts";
import { ParameterPath } from "../../engine/parameters.ts";
import { InputError } from "../../errors.ts";
import type { ConfiguredArchitecture, HeadName } from "../../models/architecture.ts";
import { freshWeights } from "../../models/fresh-weights.ts";
import { configure, statedHeadOf } from "../../models/load-model.ts";
import { buildModelGraph, type Tail } from "../../models/model-graph.ts";
import { findArchitecture } from "../../models/registry.ts";
import { BatchInputs } from "../../nn/batch-inputs.ts";
import { chooseMaxLength } from "../../tasks/max-length.ts";
import { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { AdaptedGraph } from "./adapted-graph.ts";
import { isAdapter, type LoraPlan, planLora } from "./lora.ts";
import type { FullRecipe } from "./recipe.ts";
import { tunedConfig } from "./tuned-config.ts";

/** A checkpoint to begin from. */
export interface StartingPoint {
  readonly location: ModelLocation;
  readonly checkpoint: Checkpoint;
  /** As the checkpoint is. */
  readonly architecture: ConfiguredArchitecture;
  readonly tokenizer: Tokenizer;
  readonly maxLength: number;
  /** The head that it says it has. */
  readonly head: HeadName | undefined;
}

/** @throws as opening the model for any task does. */
export async function openStartingPoint(
  where: string,
  options: { readonly maxLength?: number | undefined; readonly signal?: AbortSignal | undefined },
): Promise<StartingPoint> {
  const location = await resolveWhere(where, { signal: options.signal });
  const folder = location.layout?.encoderFolder ?? location.folder;
  const checkpoint = Checkpoint.open(folder);
  if (checkpoint.quantizedTo !== undefined) {
    const dtype = checkpoint.quantizedTo;
    throw new InputError(
      `"${location.name}" is kept in ${dtype}, which cannot be trained. Train the model it was made of.`,
    );
  }
  const architecture = configure(checkpoint);
  const tokenizer = await Tokenizer.load(folder);
  const stated = location.layout?.maxLength ?? tokenizer.maxLength;
  const maxLength = chooseMaxLength(options.maxLength, stated, architecture.maxLength);
  return { location, checkpoint, architecture, tokenizer, maxLength, head: statedHeadOf(architecture) };
}

/** A model with the head that a task wants, and where its weights come from. */
export interface Prepared {
  readonly architecture: ConfiguredArchitecture;
  readonly weights: CheckpointWeights;
  readonly tensors: TensorSource;
  /** Parameters that the checkpoint does not have, and that start fresh; adapters are not among them. */
  readonly fresh: readonly string[];
  /** Numbers in all parameters of the checkpoint with its head. */
  readonly size: number;
  readonly lora: LoraPlan | undefined;
  /** A graph to draw the model in. */
  graph(use: "learn" | "look"): Graph;
  /** Keys of `config.json` that change. */
  readonly config: JsonObject;
  /** Whether a parameter is the encoder's, rather than the head's. */
  isEncoder(parameter: string): boolean;
}

/**
 * Puts a head on a checkpoint. Weights that it lacks, that have another shape, or that tell other labels apart start fresh.
 *
 * @throws CheckpointError when weights of the encoder are missing.
 */
export function prepareHead(
  { checkpoint, architecture: given, head: stated, location }: StartingPoint,
  options: {
    readonly head: HeadName;
    readonly tail?: Tail | undefined;
    readonly config: JsonObject;
    readonly recipe: FullRecipe;
  },
): Prepared {
  const { head, recipe } = options;
  const config = { ...tunedConfig(checkpoint.config, head), ...options.config };
  const names = new Set(checkpoint.list().map(({ name }) => name));
  const json = { ...checkpoint.config, ...config };
  const architecture = findArchitecture(json, names).configure(json, names);
  if (architecture.heads[head] === undefined) {
    throw new InputError(`"${location.name}" is of the family ${given.name}, which has no head for this task.`);
  }
  const lora = planLora(architecture, recipe);
  const newGraph = (use: "learn" | "look") =>
    lora === undefined ? new Graph() : new AdaptedGraph(lora, use === "learn" ? lora.dropout : 0);
  const graph = newGraph("look");
  buildModelGraph(graph, { architecture, head, tail: options.tail });
  const weights = checkpoint.weights(architecture.names);
  const encoder = encoderNames(architecture);
  const isSameHead = stated === head && architecture.labels.join("\n") === given.labels.join("\n");
  const isFresh = ({ name, shape }: { name: string; shape: readonly number[] }) => {
    if (!weights.has(name) || weights.tensor(name).shape.join() !== shape.join()) return !encoder.has(name);
    return (
      !isSameHead && isHeadOfClasses(stated, head) && !name.startsWith(`${architecture.prefix}.`) && !encoder.has(name)
    );
  };
  const parameters = graph.parameters.filter(({ name }) => !name.startsWith("modules.") && !isAdapter(name));
  const fresh = parameters.filter(isFresh).map(({ name }) => name);
  weights.check(
    parameters.filter(({ name }) => !fresh.includes(name)),
    { freshHeads: true },
  );
  const made = freshWeights(graph, recipe.seed);
  const tensors: TensorSource = (name) => (fresh.includes(name) || isAdapter(name) ? made(name) : weights.tensor(name));
  const size = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const isEncoder = (name: string) => encoder.has(name);
  return { architecture, weights, tensors, fresh, size, lora, graph: newGraph, config, isEncoder };
}

/** Heads that keep their weights under the same names, which mean other classes. */
function isHeadOfClasses(stated: HeadName | undefined, wanted: HeadName): boolean {
  const alike: readonly (HeadName | undefined)[] = ["sequence", "token", "choice", "qa"];
  return alike.includes(stated) && alike.includes(wanted);
}

function encoderNames(architecture: ConfiguredArchitecture): Set<string> {
  const graph = new Graph();
  architecture.encode(new ParameterPath(graph).at(architecture.prefix), new BatchInputs(graph));
  return new Set(graph.parameters.map(({ name }) => name));
}
