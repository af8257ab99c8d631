/**
 * Strict reading of `config.json`: an architecture declares one table of the keys that it obeys; what the file says is
 * checked against it before any memory is taken.
 *
 *     const bertConfig = defineConfig(
 *       { hiddenSize: size("hidden_size", 768), heads: count("num_attention_heads", 12), ... },
 *       [divides("heads", "hiddenSize")],
 *     );
 *     const config = bertConfig.read(checkpoint.config);   // { readonly hiddenSize: number; readonly heads: number; ... }
 */
import { ConfigError } from "../errors.ts";
import {
  type ConfigField,
  choice,
  count,
  descriptive,
  flag,
  labels,
  list,
  number,
  only,
  optional,
  positive,
  readField,
  text,
} from "./config-fields.ts";
import { type JsonObject, jsonAt } from "./json-files.ts";

type ConfigFields = { readonly [name: string]: ConfigField<unknown> };

/** The typed values that a table reads. */
export type ConfigOf<F extends ConfigFields> = {
  readonly [K in keyof F]: F[K] extends ConfigField<infer T> ? T : never;
};

/** The typed values of a table: `type BertConfig = ConfigValues<typeof bertConfig>`. */
export type ConfigValues<T> = T extends ConfigTable<infer F> ? ConfigOf<F> : never;

/** What must hold between fields, by their names in the table. */
export interface ConfigRule<K extends string> {
  readonly fields: readonly K[];
  /** Whether it holds for these values, in the order of `fields`. Absent (undefined) values are not checked. */
  holds(...values: readonly number[]): boolean;
  /** As in "num_attention_heads is 5, which `must divide` hidden_size (24)". */
  readonly relation: string;
}

/** The declared keys of a configuration, and its strict reader. */
export class ConfigTable<F extends ConfigFields> {
  readonly fields: F;
  readonly #rules: readonly ConfigRule<string>[];

  constructor(fields: F, rules: readonly ConfigRule<keyof F & string>[]) {
    this.fields = fields;
    this.#rules = rules;
  }

  /**
   * Reads a configuration. Keys that the table does not know are left alone: `unusedKeys` lists them.
   *
   * @throws ConfigError naming the key, its value and what is known.
   */
  read(json: JsonObject, file = "config.json"): ConfigOf<F> {
    const entries = Object.entries(this.fields).map(([name, field]) => {
      return [name, readField<unknown>(field, (key) => jsonAt(json, key), file)] as const;
    });
    const config = Object.freeze(Object.fromEntries(entries));
    for (const rule of this.#rules) this.#check(rule, config, file);
    return config as ConfigOf<F>;
  }

  /** Keys of a configuration that this table does not read and that are not known to leave an encoder's maths alone. */
  unusedKeys(json: JsonObject): string[] {
    const read = new Set(Object.values(this.fields).flatMap(({ keys }) => keys.map((key) => key.split(".")[0]!)));
    return Object.keys(json).filter((key) => !read.has(key) && !WITHOUT_EFFECT.has(key));
  }

  #check({ fields, holds, relation }: ConfigRule<string>, config: { readonly [name: string]: unknown }, file: string) {
    const values = fields.map((name) => config[name]);
    if (values.includes(undefined) || holds(...(values as number[]))) return;
    const [first, ...others] = fields.map((name, i) => [this.fields[name]!.keys[0], values[i]] as const);
    const rest = others.map(([key, value]) => `${key} (${value})`).join(" and ");
    throw new ConfigError(`${file}: ${first![0]} is ${first![1]}, which must ${relation} ${rest}.`);
  }
}

/** Declares the configuration of an architecture. */
export function defineConfig<const F extends ConfigFields>(
  fields: F,
  rules: readonly ConfigRule<keyof F & string>[] = [],
): ConfigTable<F> {
  return new ConfigTable(fields, rules);
}

/** `part` divides `whole`: heads and the hidden size. */
export function divides<const P extends string, const W extends string>(part: P, whole: W): ConfigRule<P | W> {
  return { fields: [part, whole], holds: (a, b) => b! % a! === 0, relation: "divide" };
}

/** `id` is below `limit`: a padding id and the vocabulary's size. */
export function below<const I extends string, const L extends string>(id: I, limit: L): ConfigRule<I | L> {
  return { fields: [id, limit], holds: (a, b) => a! < b!, relation: "be below" };
}

/**
 * What every encoder's configuration may say besides its sizes. `problemType` decides the loss and what `classify`
 * returns; `labels` is undefined where the file names none, and then `labelCount` says how many there are.
 */
export const commonConfig = defineConfig({
  modelType: optional(text("model_type")),
  architectures: descriptive(list("architectures", text, [])),
  /** What the weights were saved as; only described, since every tensor has a type of its own. */
  savedType: descriptive(optional(text(["dtype", "torch_dtype"]))),
  labels: labels("id2label"),
  labelCount: optional(count(["num_labels", "_num_labels"])),
  problemType: optional(
    choice("problem_type", ["regression", "single_label_classification", "multi_label_classification"]),
  ),
  /** What logits are divided by before a softmax makes scores of them. A key of Cloze's own, as the next. */
  temperature: positive("cloze_temperature", 1),
  /** Of several labels a text, in their order: the score from which each counts. */
  thresholds: optional(list("cloze_thresholds", number)),
  /** Of a tagger with a conditional random field: its transitions, (labels + 2) x labels numbers. */
  transitions: optional(list("cloze_crf", number)),
  /** Absent means tied, as in the reference. */
  tiesEmbeddings: flag("tie_word_embeddings", true),
  /** A decoder sees no later positions: another model. */
  isDecoder: only("is_decoder", false),
  hasCrossAttention: only("add_cross_attention", false),
});

/** What every encoder's configuration may say besides sizes. */
export type CommonConfig = ConfigValues<typeof commonConfig>;

/** Keys of current and past configurations that change no output of an encoder. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  ...Object.values(commonConfig.fields).flatMap(({ keys }) => keys),
  ...["_name_or_path", "_attn_implementation", "_attn_implementation_autoset", "attn_implementation", "auto_map"],
  ...[
    "transformers_version",
    "label2id",
    "quantization_config",
    "finetuning_task",
    "task_specific_params",
    "language",
    "directionality",
  ],
  ...["use_cache", "gradient_checkpointing", "torchscript", "return_dict", "output_past", "reference_compile"],
  ...["output_attentions", "output_hidden_states", "use_bfloat16", "pruned_heads", "chunk_size_feed_forward"],
  ...["bos_token_id", "eos_token_id", "sep_token_id", "cls_token_id", "mask_token_id", "decoder_start_token_id"],
  ...["pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type"],
  ...["deterministic_flash_attn", "use_flash_attn", "unpad_inputs", "use_memory_efficient_attention"],
  ...["initializer_range", "initializer_factor", "cross_attention_hidden_size"],
]);
