import { type Command, InvalidArgumentError } from "commander";
import { type BackendName, DTYPES, type Dtype } from "../../backends/backend.ts";
import { BACKEND_NAMES } from "../../backends/choose.ts";
import { resolveWhere } from "../../checkpoints/default-model.ts";
import { InputError } from "../../errors.ts";
import { type Measurement, measure } from "../bench/measure.ts";
import type { Configuration } from "../bench/messages.ts";
import type { CommandDefinition } from "../command-definition.ts";
import { addInputFlags, appendList, type InputFlags, type OutputForm, positiveInteger } from "../flags.ts";
import { readTexts } from "../input.ts";
import { isForPeople } from "../results.ts";
import { table } from "../table.ts";
import { writeText } from "../terminal.ts";

interface BenchFlags extends OutputForm, InputFlags {
  readonly model?: string;
  readonly backend?: readonly BackendName[];
  readonly dtype?: readonly Dtype[];
  readonly threads?: readonly number[];
  readonly batchTokens?: readonly number[];
  readonly maxLength?: number;
  readonly limit: number;
  readonly repeats: number;
}

export const bench: CommandDefinition<BenchFlags> = {
  declare(command) {
    command
      .description(
        "Measure how fast a model embeds texts of yours, in one or several configurations side by side, each in a process " +
          "of its own: { model, backend, instructionSet, dtype, threads, batchTokens, texts, tokens, loadSeconds, " +
          "firstVectorSeconds, textsPerSecond, tokensPerSecond, p50Milliseconds, p95Milliseconds, peakMegabytes, ofPeak } " +
          "a configuration. Every list of values multiplies the configurations.",
      )
      .argument("[text...]", "texts to embed")
      .option(
        "--model <where>",
        "a model's folder, or its id on the hub (default: all-MiniLM-L6-v2, where it is installed)",
      );
    addInputFlags(command);
    addListFlags(command);
    command
      .option("--max-length <n>", "tokens to read of a text (default: as the model says)", positiveInteger)
      .option("--limit <n>", "texts to take of the input", positiveInteger, 2000)
      .option("--repeats <n>", "interleaved repeats whose median is told", positiveInteger, 5);
  },
  examples: [
    "cloze bench --input texts.txt",
    "cloze bench --input texts.txt --dtype f32,bf16,int8 --threads 1,2",
    "cloze bench --model models/bge-small-en-v1.5 --input rows.jsonl --field body --backend native,wasm --json",
  ],
  async run({ positionals, flags, terminal, reporter }) {
    const { model, maxLength, limit, repeats } = flags;
    const { signal } = terminal;
    const texts = await firstTexts(readTexts(positionals, flags, terminal, reporter), limit);
    reporter.fraction = undefined; // of the file, which is read
    const { folder, name } = await resolveWhere(model, { signal, onProgress: reporter.progress });
    const options = { name, model: folder, maxLength, texts, repeats, signal, onProgress: reporter.progress };
    const measured = await measure(configurations(flags), options);
    reporter.clear();
    const lines = isForPeople(flags, terminal) ? [toText(measured, repeats)] : measured.map((it) => JSON.stringify(it));
    await writeText(terminal.stdout, `${lines.join("\n")}\n`);
    return undefined;
  },
};

/** Flags of every command, and others, that take several values here. */
function addListFlags(command: Command): void {
  command
    .option("--backend <names>", "what computes: native, wasm, reference", listOf(oneOf(BACKEND_NAMES)))
    .option("--dtype <names>", "what weights are kept in: f32, bf16, int8 (default: f32)", listOf(oneOf(DTYPES)))
    .option("--threads <n,...>", "threads to compute with (default: physical cores)", listOf(positiveInteger))
    .option("--batch-tokens <n,...>", "most tokens of one run (default: by threads)", listOf(positiveInteger));
}

function listOf<T>(parse: (value: string) => T) {
  return (value: string, previous: readonly T[] | undefined): readonly T[] => {
    const values = appendList(value, undefined).map(parse);
    if (values.length === 0) throw new InvalidArgumentError("Expected one value or several, with commas.");
    return [...(previous ?? []), ...values];
  };
}

function oneOf<Word extends string>(words: readonly Word[]) {
  return (value: string): Word => {
    const known = words.find((word) => word === value);
    if (known === undefined) throw new InvalidArgumentError(`Allowed choices are ${words.join(", ")}.`);
    return known;
  };
}

function configurations({ backend, dtype, threads, batchTokens }: BenchFlags): Configuration[] {
  const each = <T>(values: readonly T[] | undefined): readonly (T | undefined)[] => values ?? [undefined];
  return each(backend).flatMap((backend) =>
    each(dtype).flatMap((dtype) =>
      each(threads).flatMap((threads) =>
        each(batchTokens).map((batchTokens) => ({ backend, dtype, threads, batchTokens })),
      ),
    ),
  );
}

async function firstTexts(texts: AsyncIterable<string>, limit: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const text of texts) {
    taken.push(text);
    if (taken.length === limit) break;
  }
  if (taken.length === 0) throw new InputError("There is no text to measure with.");
  return taken;
}

const HEADER = [
  ...["backend", "dtype", "threads", "batch", "load", "first vector"],
  ...["texts/s", "tokens/s", "p50", "p95", "memory", "of peak"],
];

function toText(measured: readonly Measurement[], repeats: number): string {
  const { model, texts, tokens } = measured[0]!;
  const rows = measured.map((it) => [
    `${it.backend} ${it.instructionSet}`,
    it.dtype,
    String(it.threads),
    it.batchTokens === null ? "" : String(it.batchTokens),
    `${it.loadSeconds.toFixed(2)} s`,
    `${it.firstVectorSeconds.toFixed(2)} s`,
    it.textsPerSecond.toFixed(it.textsPerSecond < 100 ? 1 : 0),
    it.tokensPerSecond.toFixed(0),
    `${it.p50Milliseconds.toFixed(2)} ms`,
    `${it.p95Milliseconds.toFixed(2)} ms`,
    `${it.peakMegabytes.toFixed(0)} MB`,
    it.ofPeak === null ? "" : `${(100 * it.ofPeak).toFixed(0)} %`,
  ]);
  return [
    `${model}: ${texts} texts, ${tokens} tokens; medians of ${repeats} interleaved repeats; p50 and p95 of one short text`,
    table([HEADER, ...rows], { right: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }),
  ].join("\n");
}
