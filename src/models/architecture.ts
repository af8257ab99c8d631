import type { CommonConfig, ConfigTable, ConfigValues } from "../checkpoints/config-reader.ts";
import { commonConfig } from "../checkpoints/config-reader.ts";
import type { JsonObject } from "../checkpoints/json-files.ts";
import type { Value } from "../engine/graph.ts";
import type { ParameterPath } from "../engine/parameters.ts";
import type { BatchInputs } from "../nn/batch-inputs.ts";

/** What can stand on an encoder; the names of the goldens' folders. */
export const HEADS = ["base", "mlm", "pretraining", "sequence", "token", "qa", "choice", "nsp"] as const;
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
  /** The position of a text's first token. Default 0. */
  firstPosition?(config: ConfigValues<T>): number;
  /** The most tokens a text may have. */
  maxLength(config: ConfigValues<T>): number;
  /** Builds the encoder. `p` stands at `prefix`. */
  encode(p: ParameterPath, config: ConfigValues<T>, inputs: BatchInputs): Encoded;
  readonly heads: { readonly [H in HeadName]?: Head<ConfigValues<T>> };
}

type AnyConfigTable = ConfigTable<ConstructorParameters<typeof ConfigTable>[0]>;

/** An architecture with its configuration read: what `Model` builds programs from. */
export interface ConfiguredArchitecture {
  readonly name: string;
  readonly prefix: string;
  readonly common: CommonConfig;
  /** What the architecture's own table read. */
  readonly config: { readonly [name: string]: unknown };
  /** Names of the classes; "LABEL_0", ... where the config names none. */
  readonly labels: readonly string[];
  readonly firstPosition: number;
  readonly maxLength: number;
  encode(p: ParameterPath, inputs: BatchInputs): Encoded;
  readonly heads: { readonly [H in HeadName]?: (context: Omit<HeadContext<never>, "config" | "labels">) => HeadOutputs };
}

/** One family of encoders. A file that defines one, a line in the registry and a folder of goldens make a new one. */
export interface Architecture {
  readonly name: string;
  readonly prefix: string;
  readonly heads: readonly HeadName[];
  matches(json: JsonObject, tensorNames: ReadonlySet<string>): boolean;
  /** Keys of a config that nothing reads. */
  unusedKeys(json: JsonObject): readonly string[];
  /**
   * @throws ConfigError naming the key, its value and what is known.
   */
  configure(json: JsonObject, file?: string): ConfiguredArchitecture;
}

/** Declares an architecture; see `bert.ts` for the shape of such a file. */
export function defineArchitecture<T extends AnyConfigTable>(definition: ArchitectureDefinition<T>): Architecture {
  const { name, prefix, heads } = definition;
  return {
    name,
    prefix,
    heads: HEADS.filter((head) => heads[head] !== undefined),
    matches: (json, names) => definition.matches?.(json, names) ?? json.model_type === name,
    unusedKeys: (json) => definition.config.unusedKeys(json),
    configure(json, file = "config.json") {
      const config = definition.config.read(json, file) as ConfigValues<T>;
      const common = commonConfig.read(json, file);
      const labels = common.labels ?? Array.from({ length: common.labelCount ?? 2 }, (_, i) => `LABEL_${i}`);
      const bound = HEADS.filter((head) => heads[head] !== undefined).map((head) => [
        head,
        (context: Omit<HeadContext<never>, "config" | "labels">) => heads[head]?.({ ...context, config, labels: labels.length }),
      ]);
      return {
        name,
        prefix,
        common,
        config,
        labels,
        firstPosition: definition.firstPosition?.(config) ?? 0,
        maxLength: definition.maxLength(config),
        encode: (p, inputs) => definition.encode(p, config, inputs),
        heads: Object.fromEntries(bound),
      };
    },
  };
}
