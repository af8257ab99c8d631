import { joinPath, makeFolder, pathKind, writeFile } from "#platform";
import { textsOf } from "../datasets/data-row.ts";
import { Dataset, type DatasetOptions } from "../datasets/dataset.ts";
import { InputError } from "../errors.ts";
import { type OnProgress, ProgressMeter } from "../tasks/progress.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { TrainingStep } from "../tokenizers/trainers/step.ts";
import { type TrainedVocabulary, trainVocabulary } from "../tokenizers/trainers/train-vocabulary.ts";
import type { VocabularyOptions } from "../tokenizers/trainers/training-options.ts";

/** How a vocabulary is learned, from what columns, and where it is saved. */
export interface TrainTokenizerOptions
  extends VocabularyOptions,
    Pick<DatasetOptions, "columns" | "format" | "skipBadRows"> {
  /** The folder to write tokenizer.json and tokenizer_config.json to, each of which appears when it is whole. Default: none. */
  output?: string | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: OnProgress | undefined;
}

/** The tokenizer, and what was read to learn it. */
export interface TrainedTokenizer extends TrainedVocabulary {
  readonly tokenizer: Tokenizer;
  /** Rows passed over, with `skipBadRows`. */
  readonly skipped: number;
}

/**
 * Trains a tokenizer on a corpus: the files of a model folder, which Cloze, transformers and the tokenizers packages of
 * npm and PyPI read. Memory holds the different words, not the corpus. The same corpus gives the same files.
 *
 * @param corpus data files of any kind (lines of text, JSON Lines, CSV, Parquet, ...; gzip or not), or texts as they come
 * @throws InputError for options that make no sense, a file that cannot be read, a corpus without words, and a
 *   `vocabularySize` below the number of special tokens and characters.
 */
export async function trainTokenizer(
  corpus: string | readonly string[] | AsyncIterable<string>,
  options: TrainTokenizerOptions = {},
): Promise<TrainedTokenizer> {
  const { output, onProgress } = options;
  if (output !== undefined && !["missing", "folder"].includes(pathKind(output))) {
    throw new InputError(`output "${output}" is a file; expected a folder's name.`);
  }
  const counted = { skipped: 0 };
  const texts = isTexts(corpus) ? corpus : readCorpus(typeof corpus === "string" ? [corpus] : corpus, options, counted);
  const trained = await trainVocabulary(texts, { ...options, onStep: progressOf(onProgress) });
  const encoder = new TextEncoder();
  const contents = Object.entries(trained.files).map(([name, text]) => [name, encoder.encode(text)] as const);
  const files = new Map(contents);
  const tokenizer = await Tokenizer.load({ name: "the trained tokenizer", read: (file) => files.get(file) });
  if (output !== undefined) {
    makeFolder(output);
    for (const [name, bytes] of contents) writeFile(joinPath(output, name), [bytes]);
  }
  return { ...trained, ...counted, tokenizer };
}

function isTexts(corpus: string | readonly string[] | AsyncIterable<string>): corpus is AsyncIterable<string> {
  return typeof corpus !== "string" && Symbol.asyncIterator in corpus;
}

async function* readCorpus(
  files: readonly string[],
  { columns, format, skipBadRows }: TrainTokenizerOptions,
  counted: { skipped: number },
): AsyncGenerator<string> {
  if (files.length === 0) throw new InputError("No corpus file is named; expected one or more.");
  // All are opened first: a wrong name is told before the work begins.
  const sets: Dataset[] = [];
  for (const file of files) sets.push(await Dataset.open(file, { columns, format, skipBadRows, target: "none" }));
  for (const set of sets) {
    for await (const row of set) yield* textsOf(row);
    counted.skipped += set.skipped;
  }
}

/** Steps as progress: a meter for each phase. */
function progressOf(onProgress: OnProgress | undefined): ((step: TrainingStep) => void) | undefined {
  if (onProgress === undefined) return undefined;
  let [phase, done] = ["", 0];
  let meter: ProgressMeter | undefined;
  return (step) => {
    if (step.phase !== phase) {
      meter = new ProgressMeter(onProgress, step.phase, step.unit, step.total);
      [phase, done] = [step.phase, 0];
    }
    meter!.advance(step.done - done);
    done = step.done;
  };
}
