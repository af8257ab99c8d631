import type { JsonObject } from "../../checkpoints/json-files.ts";
import { InputError } from "../../errors.ts";
import { ARCHITECTURES } from "../../models/registry.ts";
import type { Tokenizer } from "../../tokenizers/tokenizer.ts";

/** The shape of a model that is trained from scratch. */
export interface FreshShape {
  /** As in `model_type`: "bert", "roberta", "modernbert", ... */
  readonly architecture: string;
  readonly layers?: number | undefined;
  readonly hiddenSize?: number | undefined;
  readonly heads?: number | undefined;
  /** Default: 4 times the hidden size. */
  readonly feedForwardSize?: number | undefined;
  /** The most tokens that the model will read. */
  readonly maxPositions: number;
  /** Further keys of config.json, which stand above all others. */
  readonly config?: JsonObject | undefined;
}

interface Family {
  /** What the names of its classes begin with. */
  readonly className: string;
  /** Keys that are spelled otherwise than BERT's. */
  readonly keys?: { readonly [key: string]: string };
  /** Whether positions count from the number after the padding id. */
  readonly positionsAfterPadding?: true;
}

/** Those that can be made from a shape alone; others need a whole config. */
const FAMILIES: { readonly [architecture: string]: Family } = {
  bert: { className: "Bert" },
  roberta: { className: "Roberta", positionsAfterPadding: true },
  camembert: { className: "Camembert", positionsAfterPadding: true },
  "xlm-roberta": { className: "XLMRoberta", positionsAfterPadding: true },
  albert: { className: "Albert" },
  ernie: { className: "Ernie" },
  electra: { className: "Electra" },
  distilbert: {
    className: "DistilBert",
    keys: {
      hidden_size: "dim",
      num_hidden_layers: "n_layers",
      num_attention_heads: "n_heads",
      intermediate_size: "hidden_dim",
    },
  },
  modernbert: { className: "ModernBert" },
  mpnet: { className: "MPNet", positionsAfterPadding: true },
  roformer: { className: "RoFormer" },
  "deberta-v2": { className: "DebertaV2" },
  convbert: { className: "ConvBert" },
  squeezebert: { className: "SqueezeBert" },
  nomic_bert: { className: "NomicBert" },
};

/**
 * The `config.json` of a model that does not exist yet, as transformers would write it.
 *
 * @param head the end of its class's name: "ForMaskedLM", "ForPreTraining"
 * @throws InputError for an architecture that is not known, or a shape that is not given.
 */
export function freshConfig(shape: FreshShape, tokenizer: Tokenizer, head: string): JsonObject {
  const { architecture, layers, hiddenSize, heads, maxPositions, config = {} } = shape;
  const family = FAMILIES[architecture];
  if (!ARCHITECTURES.some(({ name }) => name === architecture)) {
    throw new InputError(`architecture is "${architecture}"; known: ${Object.keys(FAMILIES).join(", ")}.`);
  }
  if (family === undefined) return { model_type: architecture, ...config };
  for (const [name, value] of Object.entries({ layers, hiddenSize, heads })) {
    if (value === undefined) throw new InputError(`${name} is not given; a model from scratch needs it.`);
  }
  const { pad, cls, sep, bos, eos } = tokenizer.specialTokens;
  const padId = pad?.id ?? 0;
  const sizes: JsonObject = {
    hidden_size: hiddenSize!,
    num_hidden_layers: layers!,
    num_attention_heads: heads!,
    intermediate_size: shape.feedForwardSize ?? 4 * hiddenSize!,
  };
  const spelled = Object.entries(sizes).map(([key, value]) => [family.keys?.[key] ?? key, value]);
  const ids = { bos_token_id: bos ?? cls, eos_token_id: eos ?? sep, cls_token_id: cls, sep_token_id: sep };
  const stated = Object.entries(ids).flatMap(([key, token]) => (token === undefined ? [] : [[key, token.id]]));
  return {
    model_type: architecture,
    architectures: [`${family.className}${head}`],
    vocab_size: tokenizer.size,
    ...Object.fromEntries(spelled),
    max_position_embeddings: maxPositions + (family.positionsAfterPadding ? padId + 1 : 0),
    pad_token_id: padId,
    ...Object.fromEntries(stated),
    ...config,
  };
}
