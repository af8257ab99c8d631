import { InputError } from "../errors.ts";
import { type BatchOptions, type BatchWork, inBatches } from "./batch-pipeline.ts";
import { chooseBatchTokens } from "./batch-tokens.ts";
import type { CallOptions } from "./load-options.ts";
import { ProgressMeter } from "./progress.ts";
import type { Source, Tokenized } from "./read-windows.ts";

/** As `BatchWork`; an input that is alone has no index. */
export interface TaskWork<Input, Item extends Tokenized, Result> extends BatchWork<Input, Item, Result> {
  tokenize(input: Input, index?: number): Item;
}

/** One call of a task's verb. */
export interface TaskCall<Input, Item extends Tokenized, Result> {
  /** What is being done, for progress and messages: "classify". */
  readonly phase: string;
  /** What is counted: "texts". */
  readonly unit: string;
  /** That the backend computes with. */
  readonly threads: number;
  /** Whether this is one input, rather than several. Arrays may be one. */
  isOne(input: Input | Source<Input>): input is Input;
  /**
   * Checks the options and makes the work ready, whose runs have at most `batchTokens` tokens unless one window has more.
   * What it throws, the promise or the generator throws.
   */
  start(batchTokens: number): TaskWork<Input, Item, Result>;
}

/** What a verb returns: for one input, for an array, for anything else that can be iterated. */
export type Performed<Result> = Promise<Result | Result[]> | AsyncGenerator<Result, void>;

/**
 * Carries out a task: one input gives one result, an array an array, and anything else that can be iterated an
 * asynchronous iterable in the same order, which reads ahead of what is taken from it by 3,072 inputs at most.
 *
 * @throws InputError when the input is none of these or an option has no such value; what the call throws.
 */
export function perform<Input, Item extends Tokenized, Result>(
  input: Input | Source<Input>,
  call: TaskCall<Input, Item, Result>,
  options: CallOptions,
): Performed<Result> {
  if (call.isOne(input)) return performOne(input, call, options);
  if (Array.isArray(input)) return performAll(input as readonly Input[], call, options);
  if (isIterable<Input>(input)) return performStream(input, call, options);
  const message = `Cannot ${call.phase} a value of type ${typeof input}; expected one of the ${call.unit}, an array or an iterable of them.`;
  return Promise.reject(new InputError(message));
}

/** The shortest way: nothing is sorted, split or waited for. */
async function performOne<Input, Item extends Tokenized, Result>(
  input: Input,
  call: TaskCall<Input, Item, Result>,
  options: CallOptions,
): Promise<Result> {
  const { progress, signal, batchTokens } = batchOptions(call, options, 1);
  signal?.throwIfAborted();
  const work = call.start(batchTokens);
  const [result] = await work.run([work.tokenize(input)], signal ?? new AbortController().signal);
  progress.advance(1);
  return result as Result;
}

async function performAll<Input, Item extends Tokenized, Result>(
  inputs: readonly Input[],
  call: TaskCall<Input, Item, Result>,
  options: CallOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  const batches = batchOptions(call, options, inputs.length);
  const windows = inBatches(inputs, call.start(batches.batchTokens), batches);
  for await (const window of windows) for (const result of window) results.push(result);
  return results;
}

async function* performStream<Input, Item extends Tokenized, Result>(
  inputs: Source<Input>,
  call: TaskCall<Input, Item, Result>,
  options: CallOptions,
): AsyncGenerator<Result, void> {
  const batches = batchOptions(call, options);
  for await (const window of inBatches(inputs, call.start(batches.batchTokens), batches)) yield* window;
}

function batchOptions(
  { phase, unit, threads }: { readonly phase: string; readonly unit: string; readonly threads: number },
  { batchTokens, signal, onProgress }: CallOptions,
  total?: number,
): BatchOptions {
  const progress = new ProgressMeter(onProgress, phase, unit, total);
  return { batchTokens: chooseBatchTokens(batchTokens, threads), signal, progress };
}

function isIterable<Input>(value: unknown): value is Source<Input> {
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
