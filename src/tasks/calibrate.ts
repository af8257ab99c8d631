import type { Backend, Dtype } from "../backends/backend.ts";
import type { Checkpoint } from "../checkpoints/repository.ts";
import { InputError } from "../errors.ts";
import { spearman } from "../evaluation/correlation.ts";
import { loadModel } from "../models/load-model.ts";
import type { DtypeOf } from "../models/model.ts";
import { type PackedBatch, pack } from "../models/packed-batch.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { SIMILARITY_FUNCTIONS } from "./similarity.ts";

/** A text to calibrate with; of a pair with a score the report says how well the model ranks such pairs. */
export interface CalibrationRow {
  readonly text: string;
  readonly pair?: string | undefined;
  readonly score?: number | undefined;
}

/** What stays in higher precision, and how far the result is from the original. */
export interface Calibrated {
  /** Layers that are not in the dtype that was asked for, the worst first. */
  readonly kept: readonly KeptLayer[];
  /** The cosine of token vectors with the original's: with everything quantized, and with what is kept. */
  readonly cosineBefore: number;
  readonly cosineAfter: number;
  /** Spearman's rho of the cosine of mean token vectors with the rows' scores: of the original, and of what is written. */
  readonly scoreBefore?: number;
  readonly scoreAfter?: number;
}

export interface KeptLayer {
  readonly names: readonly string[];
  readonly dtype: Dtype;
  /** 1 - cosine with this layer alone quantized. */
  readonly drift: number;
}

const { cosine } = SIMILARITY_FUNCTIONS;

interface CalibrateOptions {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  readonly backend: Backend;
  /** Names of parameters that are quantized together. */
  readonly layers: readonly (readonly string[])[];
  readonly dtype: "bf16" | "int8";
  readonly rows: readonly CalibrationRow[];
  readonly signal?: AbortSignal | undefined;
}

/** Token vectors are to be this alike; as many layers are kept as that takes, a quarter of them at most. */
const WANTED_COSINE = { bf16: 0.9999, int8: 0.999 } as const;
/** What kept layers are in. */
const WIDER = { bf16: "f32", int8: "bf16" } as const;
/** Texts that drift is measured on, and tokens of each. */
const MOST_TEXTS = 64;
const MOST_TOKENS = 128;

/**
 * Measures how far each layer's quantization alone moves the token vectors, and keeps the worst ones wider until all
 * together are near enough.
 *
 * @throws InputError when there are no rows.
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibrated> {
  const { layers, dtype, rows } = options;
  if (rows.length === 0) throw new InputError("There is no text to calibrate with.");
  const batch = encode(options, rows.map(({ text }) => text).slice(0, MOST_TEXTS));
  const original = await hiddenOf(options, "f32", batch);
  const cosineOf = async (dtypeOf: DtypeOf) => meanCosine(original, await hiddenOf(options, dtypeOf, batch));

  const drifts: KeptLayer[] = [];
  for (const names of layers) {
    const own = new Set(names);
    const drift = 1 - (await cosineOf((name) => (own.has(name) ? dtype : "f32")));
    drifts.push({ names, dtype: WIDER[dtype], drift });
  }
  drifts.sort((a, b) => b.drift - a.drift);

  const cosineBefore = await cosineOf(() => dtype);
  let [kept, cosineAfter]: [KeptLayer[], number] = [[], cosineBefore];
  const most = Math.ceil(layers.length / 4);
  for (let count = 1; cosineAfter < WANTED_COSINE[dtype] && kept.length < most; count *= 2) {
    kept = drifts.slice(0, Math.min(count, most));
    cosineAfter = await cosineOf(dtypeOfAll(dtype, kept));
  }
  return { kept, cosineBefore, cosineAfter, ...(await scores(options, dtypeOfAll(dtype, kept))) };
}

function dtypeOfAll(dtype: Dtype, kept: readonly KeptLayer[]): DtypeOf {
  const wider = new Map(kept.flatMap(({ names, dtype }) => names.map((name) => [name, dtype])));
  return (name) => wider.get(name) ?? dtype;
}

/** How well cosines of mean token vectors rank the rows that have a pair and a score. */
async function scores(options: CalibrateOptions, quantized: DtypeOf) {
  const pairs = options.rows.filter(({ pair, score }) => pair !== undefined && score !== undefined);
  if (pairs.length < 2) return {};
  const expected = pairs.map(({ score }) => score as number);
  const rank = async (dtype: Dtype | DtypeOf) => {
    const [left, right] = [await meansOf(options, dtype, texts("text")), await meansOf(options, dtype, texts("pair"))];
    return spearman(
      left.map((vector, i) => cosine(vector, right[i] as Float64Array)),
      expected,
    );
  };
  const texts = (side: "text" | "pair") => pairs.map((row) => row[side] as string);
  return { scoreBefore: await rank("f32"), scoreAfter: await rank(quantized) };
}

async function meansOf(options: CalibrateOptions, dtype: Dtype | DtypeOf, texts: readonly string[]) {
  const means: Float64Array[] = [];
  for (let from = 0; from < texts.length; from += MOST_TEXTS) {
    const batch = encode(options, texts.slice(from, from + MOST_TEXTS));
    const { numbers, columns } = await hiddenOf(options, dtype, batch);
    for (let text = 0; text + 1 < batch.offsets.length; text++) {
      const mean = new Float64Array(columns);
      const [first, end] = [batch.offsets[text]!, batch.offsets[text + 1]!];
      for (let i = first * columns; i < end * columns; i++) mean[i % columns]! += numbers[i]! / (end - first);
      means.push(mean);
    }
  }
  return means;
}

function encode({ tokenizer, checkpoint }: CalibrateOptions, texts: readonly string[]): PackedBatch {
  const positions = checkpoint.config.max_position_embeddings;
  const maxLength = typeof positions === "number" ? Math.min(MOST_TOKENS, positions - 2) : MOST_TOKENS;
  return pack(texts.map((text) => tokenizer.encode(text, { maxLength })));
}

interface Hidden {
  readonly numbers: Float32Array; // [T, D]
  readonly columns: number;
}

async function hiddenOf(options: CalibrateOptions, dtype: Dtype | DtypeOf, batch: PackedBatch): Promise<Hidden> {
  const { checkpoint, backend, signal } = options;
  const { model } = loadModel(checkpoint, { head: "base", backend, dtype });
  try {
    const { hidden } = await model.run(batch, ["hidden"], { signal });
    return { numbers: hidden as Float32Array, columns: model.columns("hidden") };
  } finally {
    model.close();
  }
}

/** Of the rows of two matrices. */
function meanCosine(a: Hidden, b: Hidden): number {
  const rows = a.numbers.length / a.columns;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * a.columns, (row + 1) * a.columns];
    total += cosine(a.numbers.subarray(start, end), b.numbers.subarray(start, end));
  }
  return total / rows;
}
