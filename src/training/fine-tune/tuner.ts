import type { Backend, RunOutputs } from "../../backends/backend.ts";
import { seedOf } from "../../backends/random.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import { type PackedBatch, pack } from "../../models/packed-batch.ts";
import { tokenBatches } from "../../tasks/token-batches.ts";
import type { Judgement } from "../evaluate/judge.ts";
import type { TrainableModel } from "../trainable-model.ts";
import type { Learned } from "../training-loop.ts";
import { cacheInputs, EmbeddingProgram } from "./cached-step.ts";
import type { Example, ScoreFit, TuningTask } from "./tuning-task.ts";

/** Most tokens of one run; a step of more is run in parts. */
const RUN_TOKENS = 8192;

/** What a model makes of a dev set. */
export interface Judged extends Judgement {
  /** What was fitted on it; empty without `fitScores`. */
  readonly fit: ScoreFit;
}

/** A task on a model: learns from examples, and judges them. */
export class Tuner {
  readonly #model: TrainableModel;
  readonly #task: TuningTask;
  readonly #seed: number;
  readonly #whole: EmbeddingProgram | undefined;

  constructor(
    model: TrainableModel,
    task: TuningTask,
    { seed, backend }: { readonly seed: number; readonly backend: Backend },
  ) {
    this.#model = model;
    this.#task = task;
    this.#seed = seed;
    this.#whole = task.cached === undefined ? undefined : new EmbeddingProgram(task.cached.losses, backend);
  }

  /** Gives back what it opened; the model stays. */
  close(): void {
    this.#whole?.close();
  }

  /** Forward and backward of a step's examples; the gradients are those of the mean loss. */
  async learn(examples: readonly Example[], step: number): Promise<Learned> {
    if (this.#whole !== undefined) return this.#learnCached(this.#whole, examples, step);
    const total = examples.reduce((sum, { weight }) => sum + weight, 0) || 1;
    let [loss, tokens] = [0, 0];
    for (const [i, part] of this.#parts(examples).entries()) {
      const { extra, ...sizes } = this.#task.targets(part, total);
      const packed = this.#pack(part);
      const batch = { ...packed, ...sizes, extra: { ...packed.extra, ...extra, seed: this.#seedOf(step, i) } };
      loss += await this.#accumulate(batch, part, total);
      tokens += batch.ids.length;
    }
    return { loss, tokens };
  }

  /** The loss of a part, whose gradients are added up. */
  async #accumulate(batch: PackedBatch, part: readonly Example[], total: number): Promise<number> {
    if (this.#task.learnOutside === undefined) {
      const losses = await this.#model.accumulate(batch);
      return Object.values(losses).reduce((sum, value) => sum + value, 0);
    }
    const outputs = await this.#model.run(batch, this.#task.outputs, { drops: true });
    const { loss, extra } = this.#task.learnOutside(outputs, part, batch, total);
    await this.#model.accumulate({ ...batch, extra: { ...batch.extra, ...extra } });
    return loss;
  }

  /** As `learn`, some rows at a time, though the loss is of all together. */
  async #learnCached(whole: EmbeddingProgram, examples: readonly Example[], step: number): Promise<Learned> {
    const { output, rows } = this.#task.cached!;
    const batches: PackedBatch[] = [];
    for (let at = 0; at < examples.length; at += rows) {
      const packed = this.#pack(examples.slice(at, at + rows));
      batches.push({ ...packed, extra: { ...packed.extra, seed: this.#seedOf(step, batches.length) } });
    }
    const parts: Float32Array[] = [];
    for (const batch of batches) parts.push((await this.#model.run(batch, [output], { drops: true }))[output]!);
    const { extra } = this.#task.targets(examples, examples.length);
    const embeddings = joined(parts);
    const texts = examples.reduce((sum, each) => sum + each.texts.length, 0);
    const { loss, gradient } = await whole.run(embeddings, texts, extra);
    let [at, tokens] = [0, 0];
    for (const [i, batch] of batches.entries()) {
      const own = gradient.subarray(at, at + parts[i]!.length);
      await this.#model.accumulate({
        ...batch,
        extra: { ...batch.extra, ...cacheInputs(own, batch.offsets.length - 1) },
      });
      at += own.length;
      tokens += batch.ids.length;
    }
    return { loss, tokens };
  }

  /** What the model makes of a split; undefined when its outputs are not finite, which no figure can tell. */
  async judge(
    examples: readonly Example[],
    rows: readonly DataRow[],
    { fitScores }: { readonly fitScores: boolean },
  ): Promise<Judged | undefined> {
    const results = new Array<unknown>(examples.length);
    const lengths = examples.map(({ length }) => length);
    for (const chosen of tokenBatches(lengths, RUN_TOKENS)) {
      const part = chosen.map((i) => examples[i]!);
      const batch = this.#pack(part);
      const outputs: RunOutputs = await this.#model.run(batch, this.#task.outputs);
      if (!Object.values(outputs).every((numbers) => numbers.every(Number.isFinite))) return undefined;
      const taken = this.#task.results(outputs, part, batch);
      chosen.forEach((i, k) => {
        results[i] = taken[k];
      });
    }
    const fit = fitScores ? (this.#task.fitScores?.(examples, results) ?? {}) : {};
    return { ...this.#task.judge(examples, results, rows, fit), fit };
  }

  #pack(examples: readonly Example[]): PackedBatch {
    const batch = pack(examples.flatMap(({ texts }) => texts));
    return this.#task.inputs === undefined ? batch : { ...batch, extra: this.#task.inputs(batch) };
  }

  #seedOf(step: number, part: number): Int32Array {
    return Int32Array.of(seedOf(this.#seed, `step ${step}, part ${part}`));
  }

  #parts(examples: readonly Example[]): Example[][] {
    if (!this.#task.isSeparable) return [[...examples]];
    const lengths = examples.map(({ length }) => length);
    return tokenBatches(lengths, RUN_TOKENS).map((chosen) => chosen.map((i) => examples[i]!));
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
