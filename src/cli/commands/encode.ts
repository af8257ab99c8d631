import { InvalidArgumentError, Option } from "commander";
import { writeSafetensors } from "../../checkpoints/safetensors-write.ts";
import { memoryTensor, type StoredTensor } from "../../checkpoints/stored-types.ts";
import { InputError } from "../../errors.ts";
import { pairResults } from "../../search/pair-results.ts";
import { type EncodedText, Encoder, type Tensor } from "../../tasks/encoder.ts";
import type { CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addModelFlag,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
} from "../flags.ts";
import { readTexts } from "../input.ts";
import { withModel } from "../model.ts";
import { writeResults } from "../results.ts";
import { TruncationNote } from "../truncation-note.ts";

type LayerList = "all" | readonly number[];

interface EncodeFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags {
  readonly layers?: LayerList;
  readonly attentions?: LayerList;
  readonly maxLength?: number;
  readonly truncation: "truncate" | "error";
}

/** What was written. */
interface Written {
  readonly output: string;
  readonly texts: number;
  readonly tensors: number;
}

export const encode: CommandDefinition<EncodeFlags> = {
  declare(command) {
    command
      .description(
        "Write the vectors of all tokens, as safetensors under the names 0.input_ids, 0.last_hidden_state, and as asked " +
          "0.hidden_states.N, 0.attentions.N, of each text: { output, texts, tensors }.",
      )
      .argument("[text...]", "texts to encode");
    addModelFlag(command);
    addInputFlags(command);
    command
      .option("--output <file>", "the safetensors file to write, which appears when it is whole")
      .option(
        "--layers <n,n>",
        "hidden states to write too: all, or numbers from 0 (embeddings), -1 is the last",
        layerList,
      )
      .option("--attentions <n,n>", "attentions to write: all, or numbers of blocks from 0, -1 is the last", layerList)
      .option("--max-length <n>", "tokens to read of a text (default: as the model says)", positiveInteger)
      .addOption(
        new Option("--truncation <what>", "what to do with longer texts")
          .choices(["truncate", "error"])
          .default("truncate"),
      );
  },
  examples: [
    'cloze encode "A short text." --output vectors.safetensors',
    'cloze encode --model models/bert-base-uncased "A short text." --attentions -1 --output attentions.safetensors',
    "cloze encode --input texts.txt --layers all --output layers.safetensors",
  ],
  async run(call) {
    const { positionals, flags, terminal, reporter } = call;
    const texts = readTexts(positionals, flags, terminal, reporter);
    const { layers, attentions, truncation, maxLength, output, ...others } = flags;
    if (output === undefined) throw new InputError("Tensors are written to a file: pass --output FILE.safetensors.");
    await withModel(Encoder, call, { maxLength }, async (encoder) => {
      const options = { layers, attentions, truncation, signal: terminal.signal, onProgress: reporter.progress };
      const note = new TruncationNote();
      const tensors: StoredTensor[] = [];
      let count = 0;
      for await (const [, encoded] of pairResults(texts, (texts) => encoder.encode(texts, options))) {
        note.see(encoded);
        tensors.push(...tensorsOf(encoded, count++, encoder, flags));
      }
      writeSafetensors(output, tensors);
      const written: Written = { output, texts: count, tensors: tensors.length };
      await writeResults([written], { json: (written) => written, text: toText }, others, terminal, reporter);
      note.say(reporter, encoder.maxLength);
    });
  },
};

function layerList(value: string): LayerList {
  if (value === "all") return value;
  const numbers = value.split(",").map((part) => (/^-?\d+$/.test(part.trim()) ? Number(part) : Number.NaN));
  if (numbers.some(Number.isNaN)) throw new InvalidArgumentError('Expected "all", or whole numbers with commas.');
  return numbers;
}

/** A text's tensors, under the names that transformers gives them. */
function tensorsOf(encoded: EncodedText, text: number, encoder: Encoder, flags: EncodeFlags): StoredTensor[] {
  const { ids, hidden, hiddenStates = [], attentions = [] } = encoded;
  const stored = (name: string, { shape, data }: Tensor) => memoryTensor(`${text}.${name}`, shape, data);
  const bytes = new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  return [
    { name: `${text}.input_ids`, type: "I32", shape: [ids.length], read: () => bytes },
    stored("last_hidden_state", hidden),
    ...numbered(flags.layers, encoder.layerCount).map((n, i) => stored(`hidden_states.${n}`, hiddenStates[i]!)),
    ...numbered(flags.attentions, encoder.attentionCount).map((n, i) => stored(`attentions.${n}`, attentions[i]!)),
  ];
}

/** The numbers from 0 of the layers asked for. */
function numbered(asked: LayerList | undefined, count: number): number[] {
  if (asked === "all") return Array.from({ length: count }, (_, i) => i);
  return (asked ?? []).map((layer) => (layer < 0 ? count + layer : layer));
}

function toText({ output, texts, tensors }: Written): string {
  return `${output}: ${tensors} tensors of ${texts} ${texts === 1 ? "text" : "texts"}`;
}
