import { InputError } from "../../errors.ts";
import { byteLevelAlphabet } from "../byte-level.ts";
import { Fields } from "../fields.ts";
import { readNormalizer } from "../read-normalizer.ts";
import { readPreTokenizer } from "../read-pre-tokenizer.ts";
import { chooseAlphabet } from "./alphabet.ts";
import { describeConfiguration, describeTrained, type TrainedModel } from "./describe-trained.ts";
import { learnMerges } from "./merge-trainer.ts";
import type { TrainingStep, TrainingSteps } from "./step.ts";
import type { StringCounts } from "./string-counts.ts";
import { END_SUFFIX, type KindParts, partsOf } from "./tokenizer-kinds.ts";
import { type SettledOptions, settleOptions, type VocabularyOptions } from "./training-options.ts";
import { learnPieces } from "./unigram-trainer.ts";
import { WordCounter } from "./word-counter.ts";

export interface VocabularyTrainingOptions extends VocabularyOptions {
  /** Stops the training; the promise is rejected with its reason. */
  signal?: AbortSignal | undefined;
  /** Called after every stretch of work. */
  onStep?: ((step: TrainingStep) => void) | undefined;
  /** Different words held while counting; of more, the rarest are forgotten. Default 4,194,304. */
  maxWords?: number;
}

/** A trained tokenizer as the files of a model folder. */
export interface TrainedVocabulary {
  /** The text of tokenizer.json and of tokenizer_config.json. */
  readonly files: { readonly "tokenizer.json": string; readonly "tokenizer_config.json": string };
  /** Texts read. */
  readonly texts: number;
  /** Different words among them. */
  readonly words: number;
  /** Rare words, each as often as it came, that were forgotten because there were too many to hold. */
  readonly forgotten: number;
}

/** Longest stretch of synchronous work, in milliseconds. */
const SLICE = 50;

/**
 * Trains a tokenizer on texts, read once as they come. Memory holds the different words, not the texts. The same texts in
 * the same order give the same files.
 *
 * @throws InputError for options that make no sense, a corpus without words, and a vocabulary smaller than its characters.
 */
export async function trainVocabulary(
  texts: AsyncIterable<string> | Iterable<string>,
  options: VocabularyTrainingOptions = {},
): Promise<TrainedVocabulary> {
  const settled = settleOptions(options);
  const parts = partsOf(settled.kind, settled.lowercase, settled.continuingPrefix);
  const reserved = reservedTokens(parts, settled);
  const counter = counterOf(parts, options.maxWords);
  const pace = new Pace(options);
  const count = await readAll(texts, counter, pace);
  const words = await pace.drive(counter.finish());
  if (words.size === 0) {
    throw new InputError(
      `The corpus has no words to train a tokenizer on (${count} texts). Pass texts that are not blank.`,
    );
  }
  const model = await pace.drive(learn(words, reserved, settled));
  const files = {
    "tokenizer.json": `${JSON.stringify(describeTrained(parts, reserved, model))}\n`,
    "tokenizer_config.json": `${JSON.stringify(describeConfiguration(parts, settled), undefined, 2)}\n`,
  };
  return { files, texts: count, words: words.size, forgotten: words.dropped };
}

function reservedTokens({ specialTokens }: KindParts, settled: SettledOptions): string[] {
  const own = specialTokens.map(([content]) => content);
  return [...new Set([...own, ...settled.specialTokens])];
}

function counterOf({ normalizer, preTokenizer }: KindParts, maxWords: number | undefined): WordCounter {
  return new WordCounter(
    normalizer === null ? undefined : readNormalizer(new Fields(normalizer, "normalizer")),
    readPreTokenizer(new Fields(preTokenizer, "pre_tokenizer")),
    maxWords === undefined ? {} : { maxStrings: maxWords },
  );
}

async function readAll(texts: AsyncIterable<string> | Iterable<string>, counter: WordCounter, pace: Pace) {
  let count = 0;
  for await (const text of texts) {
    if (typeof text !== "string")
      throw new InputError(`Text ${count} of the corpus is ${typeof text}; expected a string.`);
    // ES2024; the type library is that of ES2023.
    counter.add((text as string & { toWellFormed(): string }).toWellFormed());
    count++;
    if (pace.isOver) await pace.pause({ phase: "read", done: count, unit: "texts" });
  }
  await pace.pause({ phase: "read", done: count, unit: "texts" });
  return count;
}

function* learn(
  words: StringCounts,
  reserved: readonly string[],
  settled: SettledOptions,
): TrainingSteps<TrainedModel> {
  const { kind, continuingPrefix, limitAlphabet } = settled;
  const alphabet = kind === "byte-level" ? byteLevelAlphabet() : chooseAlphabet(words, limitAlphabet);
  const common = { ...settled, reserved, alphabet };
  if (kind === "unigram") return { kind, pieces: yield* learnPieces(words, common) };
  const marks = {
    continuingPrefix: kind === "word-piece" ? continuingPrefix : "",
    endSuffix: kind === "byte-pair" ? END_SUFFIX : "",
  };
  const { tokens, merges } = yield* learnMerges(words, { ...common, ...marks });
  if (kind === "word-piece") return { kind, tokens, continuingPrefix };
  return { kind, tokens, merges, endSuffix: marks.endSuffix };
}

/** Runs synchronous work in slices, telling how far it is and stopping when asked to. */
class Pace {
  private readonly signal: AbortSignal | undefined;
  private readonly onStep: ((step: TrainingStep) => void) | undefined;
  private began = performance.now();

  constructor({ signal, onStep }: VocabularyTrainingOptions) {
    this.signal = signal;
    this.onStep = onStep;
    signal?.throwIfAborted();
  }

  get isOver(): boolean {
    return performance.now() - this.began > SLICE;
  }

  async pause(step: TrainingStep): Promise<void> {
    this.onStep?.(step);
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.signal?.throwIfAborted();
    this.began = performance.now();
  }

  async drive<Result>(steps: TrainingSteps<Result>): Promise<Result> {
    for (let next = steps.next(); ; next = steps.next()) {
      if (next.done) return next.value;
      if (this.isOver) await this.pause(next.value);
    }
  }
}
