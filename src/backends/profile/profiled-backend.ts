import type {
  Backend,
  Dtype,
  Executable,
  ParameterSet,
  Program,
  RunInputs,
  RunOptions,
  RunOutputs,
  Sizes,
  TensorSource,
} from "../backend.ts";
import { BRIEF_ROUNDS } from "../brief-rounds.ts";
import type { Profile } from "./profile.ts";
import { multiplierOf } from "./step-label.ts";

/** Milliseconds between two measurements of the peaks: enough of them for a median, too few to slow the work. */
const PEAK_EVERY = 500;

/** A backend whose runs are timed. Closing it closes the backend behind it. */
export class ProfiledBackend implements Backend {
  readonly #backend: Backend;
  readonly #profile: Profile;
  #measuredPeak = Number.NEGATIVE_INFINITY;

  constructor(backend: Backend, profile: Profile) {
    this.#backend = backend;
    this.#profile = profile;
  }

  get info() {
    return this.#backend.info;
  }

  createParameters(source: TensorSource): ParameterSet {
    return this.#backend.createParameters(source);
  }

  compile(program: Program, parameters: ParameterSet): Executable {
    const executable = this.#backend.compile(program, parameters);
    const dtypes = new Set(program.steps.map((step) => multiplierOf(program, step)));
    return {
      run: async (inputs, sizes, options) => {
        const outputs = await this.#run(program, executable, inputs, sizes, options);
        await this.#measurePeaks(dtypes);
        return outputs;
      },
      close: () => executable.close(),
    };
  }

  close(): Promise<void> {
    return this.#backend.close();
  }

  async #run(
    program: Program,
    executable: Executable,
    inputs: RunInputs,
    sizes: Sizes,
    options: RunOptions | undefined,
  ): Promise<RunOutputs> {
    const times = new Float64Array(program.steps.length + 1);
    const called = performance.timeOrigin + performance.now();
    const outputs = await executable.run(inputs, sizes, { ...options, times });
    const since1970 = times.map((time) => called + time);
    this.#profile.record({ program, backend: this.info, inputs, sizes, times: since1970 });
    return outputs;
  }

  async #measurePeaks(dtypes: Iterable<Dtype>): Promise<void> {
    const now = performance.now();
    if (this.#backend.measurePeak === undefined || now - this.#measuredPeak < PEAK_EVERY) return;
    this.#measuredPeak = now;
    for (const dtype of dtypes) {
      this.#profile.recordPeak(dtype, await this.#backend.measurePeak(BRIEF_ROUNDS[dtype], dtype));
    }
  }
}
