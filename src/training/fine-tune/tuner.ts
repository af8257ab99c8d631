import type { RunOutputs } from "../../backends/backend.ts";
import { seedOf } from "../../backends/random.ts";
import type { DataRow } from "../../datasets/data-row.ts";
import { type PackedBatch, pack } from "../../models/packed-batch.ts";
import { tokenBatches } from "../../tasks/token-batches.ts";
import type { Judgement } from "../evaluate/judge.ts";
import type { TrainableModel } from "../trainable-model.ts";
import type { Learned } from "../training-loop.ts";
import type { Example, TuningTask } from "./tuning-task.ts";

/** Most tokens of one run; a step of more is run in parts. */
const RUN_TOKENS = 8192;

/** A task on a model: learns from examples, and judges them. */
export class Tuner {
  readonly #model: TrainableModel;
  readonly #task: TuningTask;
  readonly #seed: number;

  constructor(model: TrainableModel, task: TuningTask, { seed }: { readonly seed: number }) {
    this.#model = model;
    this.#task = task;
    this.#seed = seed;
  }

  /** Forward and backward of a step's examples; the gradients are those of the mean loss. */
  async learn(examples: readonly Example[], step: number): Promise<Learned> {
    const total = examples.reduce((sum, { weight }) => sum + weight, 0) || 1;
    let [loss, tokens] = [0, 0];
    for (const [i, part] of this.#parts(examples).entries()) {
      const { extra, ...sizes } = this.#task.targets(part, total);
      const seed = Int32Array.of(seedOf(this.#seed, `step ${step}, part ${i}`));
      const packed = this.#pack(part);
      const batch = { ...packed, ...sizes, extra: { ...packed.extra, ...extra, seed } };
      const losses = await this.#model.accumulate(batch);
      loss += Object.values(losses).reduce((sum, value) => sum + value, 0);
      tokens += batch.ids.length;
    }
    return { loss, tokens };
  }

  /** What the model makes of a split. */
  async judge(examples: readonly Example[], rows: readonly DataRow[]): Promise<Judgement> {
    const results = new Array<unknown>(examples.length);
    const lengths = examples.map(({ length }) => length);
    for (const chosen of tokenBatches(lengths, RUN_TOKENS)) {
      const part = chosen.map((i) => examples[i]!);
      const batch = this.#pack(part);
      const outputs: RunOutputs = await this.#model.run(batch, this.#task.outputs);
      const taken = this.#task.results(outputs, part, batch);
      chosen.forEach((i, k) => {
        results[i] = taken[k];
      });
    }
    return this.#task.judge(examples, results, rows);
  }

  #pack(examples: readonly Example[]): PackedBatch {
    const batch = pack(examples.flatMap(({ texts }) => texts));
    return this.#task.inputs === undefined ? batch : { ...batch, extra: this.#task.inputs(batch) };
  }

  #parts(examples: readonly Example[]): Example[][] {
    if (!this.#task.isSeparable) return [[...examples]];
    const lengths = examples.map(({ length }) => length);
    return tokenBatches(lengths, RUN_TOKENS).map((chosen) => chosen.map((i) => examples[i]!));
  }
}
