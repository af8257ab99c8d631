import { type MessageWorker, startWorker } from "#platform";
import { BackendError } from "../../errors.ts";
import type { LeadCommand, WasmReply } from "./messages.ts";
import { createMemory } from "./module.ts";
import { readModule, type WasmVariant } from "./variant.ts";

/** In dist, also for tests and programs that run from source: no browser reads TypeScript. */
const WORKER = new URL("../../../dist/backends/wasm/worker.js", import.meta.url);

interface Waiting {
  resolve(reply: WasmReply): void;
  reject(reason: unknown): void;
}

/** The workers of one backend: the first leads, the others share its memory and help. */
export class WasmWorkers {
  readonly #workers: readonly MessageWorker[];
  readonly #lead: MessageWorker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: BackendError | undefined;

  constructor(threads: number) {
    this.#workers = Array.from({ length: threads }, () => startWorker(WORKER));
    this.#lead = this.#workers[0] as MessageWorker;
    for (const worker of this.#workers) {
      worker.onFailure((error) => {
        // One that died in the middle of a step leaves the others waiting for it.
        void this.terminate(new BackendError(`wasm: a worker failed: ${error.message}`, { cause: error }));
      });
    }
    this.#lead.onMessage((message) => this.#receive(message as WasmReply));
  }

  /**
   * Loads the module into all workers.
   *
   * @throws BackendError when it is not there, or a worker does not start.
   */
  async start(variant: WasmVariant): Promise<void> {
    const module = await WebAssembly.compile(await readModule(variant));
    const memory = variant.shared ? createMemory(true) : undefined;
    const ready = this.#expect(0);
    const threads = this.#workers.length;
    this.#lead.post({ kind: "lead", module, threads, ...(memory === undefined ? {} : { memory }) });
    const reply = await ready;
    if (reply.kind !== "ready" || memory === undefined) return;
    reply.stacks.forEach((stack, i) => {
      this.#workers[i + 1]?.post({ kind: "help", module, memory, thread: i + 1, stack });
    });
  }

  /** A number that no command has had yet. */
  newId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Sends a command that is not answered. */
  send(command: LeadCommand, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#failure === undefined) this.#lead.post(command, transfer);
  }

  /** @throws BackendError when it fails, or the workers do. */
  ask(command: LeadCommand, transfer: readonly ArrayBuffer[] = []): Promise<WasmReply> {
    const reply = this.#expect(command.id);
    this.send(command, transfer);
    return reply;
  }

  /** Ends all workers at once. What still waits for an answer gets `reason`. */
  async terminate(reason: BackendError): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #expect(id: number): Promise<WasmReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting.size === 0) this.#lead.keepAlive(true); // the process waits for answers, not for idle workers
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(reply: WasmReply): void {
    const id = reply.kind === "ready" ? 0 : reply.id;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#lead.keepAlive(false);
    if (reply.kind === "failed") waiting?.reject(new BackendError(`wasm: ${reply.reason}.`));
    else waiting?.resolve(reply);
  }
}
