import type { NameScheme } from "../checkpoints/checkpoint-weights.ts";
import { type CommonConfig, type ConfigTable, type ConfigValues, commonConfig } from "../checkpoints/config-reader.ts";
import type { JsonObject } from "../checkpoints/json-files.ts";
import type { NameGeneration } from "../checkpoints/name-mapping.ts";
import { Graph, type Value } from "../engine/graph.ts";
import { ParameterPath } from "../engine/parameters.ts";
import { BatchInputs } from "../nn/batch-inputs.ts";
import type { PackedBatch } from "./packed-batch.ts";

/** What can stand on an encoder; the names of the goldens' folders. */
export const HEADS = ["base", "mlm", "pretraining", "sequence", "token", "qa", "choice", "nsp"] as const;
/** The name of a head. */
export type HeadName = (typeof HEADS)[number];

/** An encoder's results as values of the graph. Programs compute only what they ask for. */
export interface Encoded {
  /** The last hidden state -> [T, D] */
  readonly hidden: Value;
  /** Of the embeddings and then of each block -> [T, D] each */
  readonly hiddenStates: readonly Value[];
  /** Of each block -> [P, H] each; empty where the architecture has none. */
  readonly attentions: readonly Value[];
}

/** Named results of a head, such as `{ logits }`. */
export type HeadOutputs = { readonly [name: string]: Value };

/** What a head is built from. */
export interface HeadContext<C> {
  /** The root of the checkpoint's names. */
  readonly p: ParameterPath;
  readonly config: C;
  /** How many classes the head has: of `id2label`, else `num_labels`, else 2. */
  readonly labels: number;
  readonly inputs: BatchInputs;
  readonly encoded: Encoded;
  /** The matrix that turns vectors into words: the embeddings where the config ties them, else a weight of that name. */
  decoder(name: string, shape: readonly [words: number, size: number]): Value;
}
export type Head<C> = (context: HeadContext<C>) => HeadOutputs;

/** A family of encoders as its file declares it. `C` is what its config table reads. */
export interface ArchitectureDefinition<T extends AnyConfigTable> {
  /** As in `model_type`. */
  readonly name: string;
  readonly config: T;
  /** Under which the encoder stands in checkpoints with a head, such as "bert"; files of the encoder alone leave it out. */
  readonly prefix: string;
  /** Whether a config is of this architecture. Default: its `model_type` is `name`. */
  matches?(json: JsonObject, tensorNames: ReadonlySet<string>): boolean;
  /** Keys that a config may leave out although the tensors tell them. */
  keysFromTensors?(tensorNames: ReadonlySet<string>): JsonObject;
  /** The padding id, where positions count from the number after it and pass over padding tokens. Default: from 0. */
  positionsAfter?(config: ConfigValues<T>): number | undefined;
  /** The most tokens a text may have. */
  maxLength(config: ConfigValues<T>): number;
  /** Builds the encoder. `p` stands at `prefix`. */
  encode(p: ParameterPath, config: ConfigValues<T>, inputs: BatchInputs): Encoded;
  /** Inputs of its own that the encoder computes from each batch, by the names that it declared them with. */
  extraInputs?(batch: PackedBatch, config: ConfigValues<T>): { readonly [name: string]: Float32Array | Int32Array };
  readonly heads: { readonly [H in HeadName]?: Head<ConfigValues<T>> };
  /** Decoders of the masked-word heads and the embeddings that they are, where the config ties them. */
  readonly decoders?: { readonly [decoder: string]: string };
  /** Other tensors that some files hold twice: copy -> original. */
  readonly copies?: { readonly [copy: string]: string };
  /** Earlier names of its tensors, beyond those that every architecture knows. */
  generations?(config: ConfigValues<T>): readonly NameGeneration[];
  /** Patterns of names that no head here reads, such as those of a training task; kept when saving. */
  otherHeads?(config: ConfigValues<T>): readonly string[];
  /** Patterns of tensors that hold nothing learned. */
  readonly buffers?: readonly string[];
}

type AnyConfigTable = ConfigTable<ConstructorParameters<typeof ConfigTable>[0]>;

/** What a head is built from, before its architecture adds what it knows itself. */
export type HeadInputs = Pick<HeadContext<never>, "p" | "inputs" | "encoded">;

/** An architecture with its configuration read: what `Model` builds programs from. */
export interface ConfiguredArchitecture {
  readonly name: string;
  readonly prefix: string;
  readonly common: CommonConfig;
  /** What the architecture's own table read. */
  readonly config: { readonly [name: string]: unknown };
  /** Names of the classes; "LABEL_0", ... where the config names none. */
  readonly labels: readonly string[];
  readonly positionsAfter: number | undefined;
  readonly maxLength: number;
  /** How its tensors are named in checkpoints. */
  readonly names: NameScheme;
  encode(p: ParameterPath, inputs: BatchInputs): Encoded;
  extraInputs(batch: PackedBatch): { readonly [name: string]: Float32Array | Int32Array };
  readonly heads: { readonly [H in HeadName]?: (inputs: HeadInputs) => HeadOutputs };
}

/** One family of encoders. A file that defines one, a line in the registry and a folder of goldens make a new one. */
export interface Architecture {
  readonly name: string;
  readonly heads: readonly HeadName[];
  matches(json: JsonObject, tensorNames: ReadonlySet<string>): boolean;
  /** Keys of a config that nothing reads. */
  unusedKeys(json: JsonObject): readonly string[];
  /**
   * @throws ConfigError naming the key, its value and what is known.
   */
  configure(json: JsonObject, tensorNames: ReadonlySet<string>, file?: string): ConfiguredArchitecture;
}

/** Declares an architecture; see `bert.ts` for the shape of such a file. */
export function defineArchitecture<T extends AnyConfigTable>(definition: ArchitectureDefinition<T>): Architecture {
  const heads = HEADS.filter((head) => definition.heads[head] !== undefined);
  return {
    name: definition.name,
    heads,
    matches: (json, names) => definition.matches?.(json, names) ?? json.model_type === definition.name,
    unusedKeys: (json) => definition.config.unusedKeys(json),
    configure(given, tensorNames, file = "config.json") {
      const json = { ...definition.keysFromTensors?.(tensorNames), ...given };
      const config = definition.config.read(json, file) as ConfigValues<T>;
      const common = commonConfig.read(json, file);
      const labels = common.labels ?? Array.from({ length: common.labelCount ?? 2 }, (_, i) => `LABEL_${i}`);
      const bound = heads.map((head) => [
        head,
        bindHead(definition, head, config, labels.length, common.tiesEmbeddings),
      ]);
      const configured = {
        name: definition.name,
        prefix: definition.prefix,
        common,
        config,
        labels,
        positionsAfter: definition.positionsAfter?.(config),
        maxLength: definition.maxLength(config),
        encode: (p: ParameterPath, inputs: BatchInputs) => definition.encode(p, config, inputs),
        extraInputs: (batch: PackedBatch) => definition.extraInputs?.(batch, config) ?? {},
        heads: Object.fromEntries(bound) as ConfiguredArchitecture["heads"],
      };
      return { ...configured, names: nameScheme(definition, configured, common.tiesEmbeddings) };
    },
  };
}

function bindHead<T extends AnyConfigTable>(
  { heads, decoders = {} }: ArchitectureDefinition<T>,
  head: HeadName,
  config: ConfigValues<T>,
  labels: number,
  ties: boolean,
): (inputs: HeadInputs) => HeadOutputs {
  return (inputs) => {
    const decoder = (name: string, shape: readonly [number, number]) =>
      inputs.p.weight((ties ? decoders[name] : undefined) ?? name, shape);
    return heads[head]?.({ ...inputs, config, labels, decoder }) ?? {};
  };
}

/** The names that checkpoints use. Which belong to heads is asked of the heads themselves. */
function nameScheme<T extends AnyConfigTable>(
  definition: ArchitectureDefinition<T>,
  configured: Pick<ConfiguredArchitecture, "encode" | "heads" | "prefix"> & { readonly config: ConfigValues<T> },
  ties: boolean,
): NameScheme {
  const { prefix, decoders, copies, buffers } = definition;
  const otherHeads = definition.otherHeads?.(configured.config) ?? [];
  return {
    prefix: prefix === "" ? "" : `${prefix}.`,
    heads: [...headNames(configured), ...Object.keys(decoders ?? {}), ...Object.keys(copies ?? {}), ...otherHeads],
    tied: { ...copies, ...(ties ? decoders : {}) },
    // A decoder adds its own bias, whatever the bias beside it says.
    leadingCopies: Object.keys(copies ?? {}).filter((copy) => copy.endsWith("decoder.bias")),
    generations: definition.generations?.(configured.config),
    buffers,
  };
}

/** Names of all parameters that any head asks for and the encoder does not. */
function headNames({ encode, heads, prefix }: Pick<ConfiguredArchitecture, "encode" | "heads" | "prefix">): string[] {
  const graph = new Graph();
  const { hidden } = encode(new ParameterPath(graph).at(prefix), new BatchInputs(graph));
  const encoder = new Set(graph.parameters.map(({ name }) => name));
  const names = Object.values(heads).flatMap((head) => {
    const own = new Graph();
    const input = own.input("hidden", hidden.shape, "f32");
    head({
      p: new ParameterPath(own),
      inputs: new BatchInputs(own),
      encoded: { hidden: input, hiddenStates: [input], attentions: [] },
    });
    return own.parameters.map(({ name }) => name);
  });
  return [...new Set(names)].filter((name) => !encoder.has(name));
}
