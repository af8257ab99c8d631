import type { RunOptions } from "../backend.ts";
import type { OrderedRun, ProgramRunner } from "../compiled-program.ts";
import type { WasmWorkers } from "./wasm-workers.ts";

/** Runs of one compiled program in the workers. */
export class WasmRunner implements ProgramRunner {
  readonly #workers: WasmWorkers;
  readonly #program: number;
  readonly #constants: readonly { readonly id: number }[];

  constructor(workers: WasmWorkers, program: number, constants: readonly { readonly id: number }[]) {
    this.#workers = workers;
    this.#program = program;
    this.#constants = constants;
  }

  async run(run: OrderedRun, { signal, times }: RunOptions): Promise<Float32Array[]> {
    const called = performance.timeOrigin + performance.now(); // the worker's clock starts when it does
    const id = this.#workers.newId();
    const inputs = run.inputs.map((input) => input.slice()); // copies, which can then be handed over
    const buffers = inputs.map((input) => input.buffer as ArrayBuffer);
    const abort = () => this.#workers.send({ kind: "abort", id });
    const reply = this.#workers.ask(
      { kind: "run", id, program: this.#program, ...run, inputs, isTimed: times !== undefined },
      buffers,
    );
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const answer = await reply;
      if (answer.kind !== "done") throw signal?.reason;
      times?.set(answer.times.map((time) => time - called));
      return [...answer.outputs];
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  release(): void {
    this.#workers.send({ kind: "releaseProgram", id: this.#program });
    for (const { id } of this.#constants) this.#workers.send({ kind: "releaseTensor", id });
  }
}
