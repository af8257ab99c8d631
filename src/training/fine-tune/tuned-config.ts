import type { JsonObject } from "../../checkpoints/json-files.ts";
import type { HeadName } from "../../models/architecture.ts";
import type { ScoreFit } from "./tuning-task.ts";

/** Ends of class names that say a head. */
const HEAD_ENDING =
  /(?:For(?:MaskedLM|PreTraining|SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice|NextSentencePrediction)|LMHead|Model)$/;

const ENDINGS: { readonly [H in HeadName]?: string } = {
  sequence: "ForSequenceClassification",
  token: "ForTokenClassification",
  qa: "ForQuestionAnswering",
  choice: "ForMultipleChoice",
  base: "Model",
};

/** Class names that are not the model type with capitals. */
const CLASS_NAMES: { readonly [modelType: string]: string } = {
  "deberta-v2": "DebertaV2",
  "data2vec-text": "Data2VecText",
  distilbert: "DistilBert",
  convbert: "ConvBert",
  eurobert: "EuroBert",
  fnet: "FNet",
  "megatron-bert": "MegatronBert",
  mobilebert: "MobileBert",
  modernbert: "ModernBert",
  mpnet: "MPNet",
  rembert: "RemBert",
  roformer: "RoFormer",
  squeezebert: "SqueezeBert",
  "xlm-roberta": "XLMRoberta",
  "xlm-roberta-xl": "XLMRobertaXL",
};

/** What was fitted to a model's scores, or learned beside its weights: it holds for no other weights. */
const FITTED = ["cloze_temperature", "cloze_thresholds", "cloze_crf"];

/** Keys of `config.json` for what was fitted. */
export function fitKeys({ temperature, thresholds }: ScoreFit): JsonObject {
  return {
    ...(temperature !== undefined && { cloze_temperature: temperature }),
    ...(thresholds !== undefined && { cloze_thresholds: [...thresholds] }),
  };
}

/**
 * Keys of `config.json` for a model with another head: the class's name, the type of trained weights, and nothing that was
 * fitted to the model before.
 */
export function tunedConfig(config: JsonObject, head: HeadName): JsonObject {
  const stated = Array.isArray(config.architectures) ? config.architectures[0] : undefined;
  const type = typeof config.model_type === "string" ? config.model_type : "bert";
  const own = typeof stated === "string" ? stated.replace(HEAD_ENDING, "") : (CLASS_NAMES[type] ?? capitalized(type));
  const has = (key: string) => Object.hasOwn(config, key);
  const types = ["torch_dtype", "dtype"].filter(has);
  return {
    architectures: [own + (ENDINGS[head] ?? "Model")],
    ...Object.fromEntries(types.map((key) => [key, "float32"])),
    ...Object.fromEntries(FITTED.filter(has).map((key) => [key, null])),
  };
}

function capitalized(type: string): string {
  return type
    .split("-")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}
