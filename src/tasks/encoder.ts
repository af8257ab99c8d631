import type { RunOutputs } from "../backends/backend.ts";
import { InputError } from "../errors.ts";
import type { Encoding } from "../tokenizers/encoding.ts";
import type { CallOptions, LoadOptions } from "./load-options.ts";
import { type Performed, perform, type TaskWork } from "./perform.ts";
import { InputReader, type Reading, type ReadOptions } from "./read-input.ts";
import type { Source } from "./read-windows.ts";
import { runEncodings } from "./run-encodings.ts";
import { openTask, Task } from "./task.ts";
import type { TaskModel, TaskNeeds } from "./task-model.ts";
import { isTextInput, type TextInput } from "./text-pair.ts";

const NEEDS: TaskNeeds = { task: "Encoder", heads: [{ head: "base", outputs: ["hidden"] }] };

/** What of an encoder is returned. */
export interface EncodeTextOptions extends CallOptions, Pick<ReadOptions, "side"> {
  /**
   * Hidden states to return besides the last: numbers from 0 (the embeddings) to the number of blocks, or from the end
   * (-1 is after the last block), or all of them. Default: none.
   */
  readonly layers?: "all" | readonly number[] | undefined;
  /** Attentions to return: numbers of blocks from 0, or from the end, or all of them. Default: none. */
  readonly attentions?: "all" | readonly number[] | undefined;
  /** What becomes of texts longer than `maxLength`: cut, or refused. Default: "truncate". */
  readonly truncation?: "truncate" | "error" | undefined;
}

/** Numbers with a shape, row by row. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What an encoder makes of one text of T tokens. */
export interface EncodedText {
  readonly ids: Int32Array; // [T]
  /** As the vocabulary spells them. */
  readonly tokens: readonly string[]; // [T]
  /** Where each token stands in its text, in UTF-16 units; [0, 0] for special tokens. */
  readonly offsets: readonly (readonly [start: number, end: number])[]; // [T]
  /** The encoder's result. */
  readonly hidden: Tensor; // [T, D]
  /** Those that `layers` asks for, in its order. */
  readonly hiddenStates?: readonly Tensor[]; // [T, D] each
  /** Those that `attentions` asks for: of each head, how much each token (row) looks at each other (column). */
  readonly attentions?: readonly Tensor[]; // [H, T, T] each
  /** Whether the text was longer than that. */
  readonly truncated: boolean;
  /** UTF-16 units of the text that the model did not read; 0 unless it was truncated. */
  readonly droppedCharacters: number;
}

/**
 * Gives what is inside of an encoder: the vector of each token after any block, and what attends to what.
 *
 *     const encoder = await Encoder.load("models/bert-base-uncased");
 *     const { tokens, hidden, attentions } = await encoder.encode("A short text.", { attentions: [-1] });
 */
export class Encoder extends Task {
  /** Numbers of a token's vector. */
  readonly hiddenSize: number;
  /** Hidden states there are: of the embeddings and of each block. */
  readonly layerCount: number;
  /** Blocks whose attentions can be returned; 0 where the architecture has none. */
  readonly attentionCount: number;

  private constructor(opened: TaskModel) {
    super(opened);
    const { model } = opened;
    this.hiddenSize = model.columns("hidden");
    this.layerCount = model.outputs.filter((name) => name.startsWith("hiddenStates.")).length;
    this.attentionCount = model.outputs.filter((name) => name.startsWith("attentions.")).length;
  }

  /**
   * Opens the encoder of any checkpoint, whatever head it has.
   *
   * @param where a model's folder. Default: all-MiniLM-L6-v2, if the package that holds it is installed.
   * @throws InputError when it is not there, or an option has no such value; ConfigError, CheckpointError,
   *   TokenizerError naming the file and what is wrong with it; BackendError when a backend that was asked for is not there.
   */
  static async load(where?: string, options: LoadOptions = {}): Promise<Encoder> {
    return openTask(where, NEEDS, options, (opened) => new Encoder(opened));
  }

  /**
   * Encodes texts or pairs: one gives one result, an array an array, and anything else that can be iterated, also
   * asynchronously, an asynchronous iterable in the same order. Results do not depend on which texts are encoded together,
   * bit for bit.
   *
   * @throws InputError when a text is no string, too long with `truncation: "error"`, or there is no such layer;
   *   BackendError when a run fails; the signal's reason when it aborts.
   */
  encode(text: TextInput, options?: EncodeTextOptions): Promise<EncodedText>;
  encode(texts: readonly TextInput[], options?: EncodeTextOptions): Promise<EncodedText[]>;
  encode(texts: Source<TextInput>, options?: EncodeTextOptions): AsyncGenerator<EncodedText, void>;
  encode(texts: TextInput | Source<TextInput>, options: EncodeTextOptions = {}): Performed<EncodedText> {
    const call = {
      phase: "encode",
      unit: "texts",
      threads: this.backend.threads,
      isOne: isTextInput,
      start: (batchTokens: number) => {
        const layers = numbered("hiddenStates", options.layers, this.layerCount);
        const attentions = numbered("attentions", options.attentions, this.attentionCount);
        return new EncodeWork(this.opened, { layers, attentions }, { ...options, batchTokens });
      },
    };
    return perform(texts, call, options);
  }
}

/** Names of a model's outputs. */
interface WantedOutputs {
  readonly layers: readonly string[] | undefined;
  readonly attentions: readonly string[] | undefined;
}

/** What one call does with each text. */
class EncodeWork implements TaskWork<TextInput, Reading, EncodedText> {
  readonly #opened: TaskModel;
  readonly #wanted: WantedOutputs;
  readonly #reader: InputReader;
  readonly #batchTokens: number;

  constructor(
    opened: TaskModel,
    wanted: WantedOutputs,
    { truncation = "truncate", side, batchTokens }: EncodeTextOptions & { readonly batchTokens: number },
  ) {
    this.#opened = opened;
    this.#wanted = wanted;
    this.#reader = new InputReader(opened, { truncation, side, allowed: ["truncate", "error"] });
    this.#batchTokens = batchTokens;
  }

  tokenize(input: TextInput, index?: number): Reading {
    return this.#reader.read(input, index);
  }

  async run(readings: readonly Reading[], signal: AbortSignal): Promise<EncodedText[]> {
    const { layers = [], attentions = [] } = this.#wanted;
    const encoded = await runEncodings(
      readings.map(({ windows }) => windows[0] as Encoding),
      {
        model: this.#opened.model,
        outputs: [...new Set(["hidden", ...layers, ...attentions])],
        batchTokens: this.#batchTokens,
        signal,
        take: (outputs, encodings, { offsets }) => encodings.map((_, i) => this.#tensors(outputs, offsets, i)),
      },
    );
    return readings.map(({ windows, truncated, droppedCharacters }, i) => {
      const { ids, tokens, offsets } = windows[0] as Encoding;
      return { ids, tokens, offsets, ...(encoded[i] as EncodedTensors), truncated, droppedCharacters };
    });
  }

  /** Text i's parts of a batch's results. */
  #tensors(outputs: RunOutputs, offsets: Int32Array, i: number): EncodedTensors {
    const { layers, attentions } = this.#wanted;
    const vectors = (name: string) => rowsOfText(outputs[name] as Float32Array, offsets, i);
    const firstPair = offsets
      .slice(1, i + 1)
      .reduce((sum, end, text) => sum + (end - (offsets[text] as number)) ** 2, 0);
    const length = (offsets[i + 1] as number) - (offsets[i] as number);
    return {
      hidden: vectors("hidden"),
      ...(layers === undefined ? {} : { hiddenStates: layers.map(vectors) }),
      ...(attentions === undefined
        ? {}
        : {
            attentions: attentions.map((name) =>
              headsOfText(outputs[name] as Float32Array, this.#opened.model.columns(name), firstPair, length),
            ),
          }),
    };
  }
}

type EncodedTensors = Pick<EncodedText, "hidden" | "hiddenStates" | "attentions">;

/** Of numbers[T, D] the rows of text i. */
function rowsOfText(numbers: Float32Array, offsets: Int32Array, i: number): Tensor {
  const columns = numbers.length / (offsets.at(-1) as number);
  const [start, end] = [offsets[i] as number, offsets[i + 1] as number];
  return { shape: [end - start, columns], data: numbers.slice(start * columns, end * columns) };
}

/** Of pairs[P, H] those of one text, a matrix for each head. */
function headsOfText(pairs: Float32Array, heads: number, firstPair: number, length: number): Tensor {
  const size = length * length;
  const data = new Float32Array(heads * size);
  for (let pair = 0; pair < size; pair++) {
    for (let head = 0; head < heads; head++) {
      data[head * size + pair] = pairs[(firstPair + pair) * heads + head] as number;
    }
  }
  return { shape: [heads, length, length], data };
}

/** @throws InputError when the model has no such layer. */
function numbered(name: string, asked: "all" | readonly number[] | undefined, count: number): string[] | undefined {
  if (asked === undefined) return undefined;
  const what = name === "attentions" ? "attentions" : "layers";
  if (count === 0) throw new InputError(`${what} are asked for, and this architecture has none.`);
  if (asked === "all") return Array.from({ length: count }, (_, i) => `${name}.${i}`);
  if (!Array.isArray(asked)) throw new InputError(`${what} is "${asked}"; expected "all" or an array of numbers.`);
  return asked.map((layer: number) => {
    const index = layer < 0 ? count + layer : layer;
    if (Number.isInteger(index) && index >= 0 && index < count) return `${name}.${index}`;
    throw new InputError(`${what} names ${layer}; this model has 0 to ${count - 1}, or -1 to -${count} from the end.`);
  });
}
