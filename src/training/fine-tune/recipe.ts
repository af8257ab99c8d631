import type { Precision } from "../../backends/op-table.ts";
import type { JsonObject } from "../../checkpoints/json-files.ts";
import { InputError } from "../../errors.ts";
import { checkAverageDecay, type OptimizerName, optimizerNumbers } from "../optimizers.ts";
import type { ScheduleName } from "../schedules.ts";
import type { ClassWeights, EmbeddingLoss, FineTuneRecipe, RankingLoss } from "./fine-tune-options.ts";

/** `FineTuneRecipe` with its defaults: plain JSON. */
export interface FullRecipe {
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly schedule: ScheduleName;
  readonly warmup: number;
  readonly dtype: Precision;
  readonly optimizer: OptimizerName;
  readonly weightDecay: number;
  readonly averageDecay: number | null;
  readonly clip: number;
  readonly dropout: number;
  readonly attentionDropout: number;
  readonly keep: "best" | "last";
  readonly evaluateEvery: number | null;
  readonly patience: number | null;
  readonly headOnly: boolean;
  readonly freezeLayers: number;
  readonly layerDecay: number;
  readonly fewShot: boolean;
  readonly lora: number | null;
  readonly loraAlpha: number | null;
  readonly loraTargets: readonly string[] | null;
  readonly loraDropout: number;
  readonly labelSmoothing: number;
  readonly focalGamma: number;
  readonly classWeights: ClassWeights | null;
  readonly fitScores: boolean;
  readonly crf: boolean;
  readonly wordTokens: "first" | "all";
  readonly stride: number | null;
  readonly loss: EmbeddingLoss | RankingLoss | null;
  readonly miniBatchSize: number | null;
  readonly teacher: string | null;
  readonly retriever: string | null;
  readonly candidates: number;
  readonly mineNegatives: number;
  readonly mineSkip: number;
  readonly mineWithin: number;
  readonly mineMargin: number;
  readonly mineRelativeMargin: number;
  readonly mineSampling: "top" | "random";
  readonly symmetric: boolean;
  readonly scale: number;
  readonly margin: number;
  readonly dimensions: readonly number[] | null;
}

const WHOLE: readonly (keyof FineTuneRecipe)[] = [
  "epochs",
  "batchSize",
  "evaluateEvery",
  "patience",
  "lora",
  "miniBatchSize",
];

/** @throws InputError for a number that makes no sense. */
export function fillRecipe(recipe: FineTuneRecipe, config: JsonObject): FullRecipe {
  for (const name of WHOLE) {
    const value = recipe[name];
    const isRight = value === undefined || (Number.isInteger(value) && (value as number) >= 1);
    if (!isRight) throw new InputError(`${name} is ${value}; expected a whole number, 1 or more.`);
  }
  checkAverageDecay(recipe.averageDecay);
  optimizerNumbers(recipe.optimizer ?? "adamw", {});
  for (const name of ["dropout", "attentionDropout", "labelSmoothing", "loraDropout"] as const) {
    const value = recipe[name] ?? 0;
    if (!(value >= 0 && value < 1)) throw new InputError(`${name} is ${value}; expected a share from 0 to below 1.`);
  }
  checkClassLoss(recipe);
  const { fewShot = false } = recipe;
  const dropout = recipe.dropout ?? statedRate(config, HIDDEN_DROPOUT) ?? 0.1;
  return {
    epochs: recipe.epochs ?? (fewShot ? 1 : 3),
    learningRate: recipe.learningRate ?? (fewShot ? 2e-5 : 5e-5),
    batchSize: recipe.batchSize ?? (fewShot ? 16 : 32),
    seed: recipe.seed ?? 0,
    schedule: recipe.schedule ?? "linear",
    warmup: recipe.warmup ?? 0.1,
    dtype: recipe.dtype ?? "f32",
    optimizer: recipe.optimizer ?? "adamw",
    weightDecay: recipe.weightDecay ?? 0.01,
    averageDecay: recipe.averageDecay ?? null,
    clip: recipe.clip ?? 1,
    dropout,
    attentionDropout: recipe.attentionDropout ?? statedRate(config, ATTENTION_DROPOUT) ?? dropout,
    keep: recipe.keep ?? "best",
    evaluateEvery: recipe.evaluateEvery ?? null,
    patience: recipe.patience ?? null,
    headOnly: recipe.headOnly ?? false,
    freezeLayers: recipe.freezeLayers ?? 0,
    layerDecay: recipe.layerDecay ?? 1,
    fewShot,
    lora: recipe.lora ?? null,
    loraAlpha: recipe.loraAlpha ?? null,
    loraTargets: recipe.loraTargets ?? null,
    loraDropout: recipe.loraDropout ?? 0,
    labelSmoothing: recipe.labelSmoothing ?? 0,
    focalGamma: recipe.focalGamma ?? 0,
    classWeights: recipe.classWeights ?? null,
    fitScores: recipe.fitScores ?? false,
    wordTokens: recipe.wordTokens ?? "first",
    crf: recipe.crf ?? false,
    stride: recipe.stride ?? null,
    loss: recipe.loss ?? null,
    miniBatchSize: recipe.miniBatchSize ?? null,
    teacher: recipe.teacher ?? null,
    retriever: recipe.retriever ?? null,
    candidates: recipe.candidates ?? 100,
    mineNegatives: recipe.mineNegatives ?? 0,
    mineSkip: recipe.mineSkip ?? 0,
    mineWithin: recipe.mineWithin ?? 100,
    mineMargin: recipe.mineMargin ?? 0,
    mineRelativeMargin: recipe.mineRelativeMargin ?? 0,
    mineSampling: recipe.mineSampling ?? "top",
    symmetric: recipe.symmetric ?? false,
    scale: recipe.scale ?? 20,
    margin: recipe.margin ?? 0.5,
    dimensions: recipe.dimensions ?? null,
  };
}

function checkClassLoss({ focalGamma = 0, classWeights = "balanced" }: FineTuneRecipe): void {
  if (!Number.isInteger(focalGamma) || focalGamma < 0) {
    throw new InputError(`focalGamma is ${focalGamma}; expected a whole number, 0 or more.`);
  }
  for (const [label, weight] of classWeights === "balanced" ? [] : Object.entries(classWeights)) {
    const isRight = weight > 0 && weight < Infinity;
    if (!isRight) throw new InputError(`classWeights has ${weight} for "${label}"; expected a number above 0.`);
  }
}

/** Keys of config.json, of BERT's line and of others. */
const HIDDEN_DROPOUT = ["hidden_dropout_prob", "dropout", "hidden_dropout", "mlp_dropout"];
const ATTENTION_DROPOUT = ["attention_probs_dropout_prob", "attention_dropout"];

function statedRate(config: JsonObject, keys: readonly string[]): number | undefined {
  return keys.map((key) => config[key]).find((value) => typeof value === "number");
}
