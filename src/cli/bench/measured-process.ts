import { type ChildProcess, fork } from "node:child_process";
import {
  BackendError,
  CheckpointError,
  type ClozeError,
  ConfigError,
  InputError,
  OverloadError,
  TokenizerError,
} from "../../errors.ts";
import type { Assignment, FailedReply, MeasuredReply, MeasureReply, MeasureRequest, ReadyReply } from "./messages.ts";
import { nextMessage } from "./next-message.ts";

/** In dist, also for tests and programs that run from source: a plain Node process reads no TypeScript. */
const PROGRAM = new URL("../../../dist/cli/bench/measured-program.js", import.meta.url);

const ERRORS: { readonly [name: string]: new (message: string) => ClozeError } = {
  BackendError,
  CheckpointError,
  ConfigError,
  InputError,
  OverloadError,
  TokenizerError,
};

/** One configuration in a process of its own, which times its own work. */
export class MeasuredProcess {
  readonly ready: ReadyReply;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ready: ReadyReply) {
    this.#child = child;
    this.ready = ready;
  }

  /** Starts the process and waits for its first vector. What it throws there is thrown here. */
  static async start(assignment: Assignment, signal: AbortSignal): Promise<MeasuredProcess> {
    signal.throwIfAborted();
    const child = fork(PROGRAM, [JSON.stringify(assignment)], { serialization: "advanced", execArgv: [] });
    signal.addEventListener("abort", () => child.kill(), { once: true });
    return new MeasuredProcess(child, await reply<ReadyReply>(child, signal));
  }

  ask(request: MeasureRequest, signal: AbortSignal): Promise<MeasuredReply> {
    const answer = reply<MeasuredReply>(this.#child, signal);
    this.#child.send(request);
    return answer;
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

async function reply<Reply extends MeasureReply>(child: ChildProcess, signal: AbortSignal): Promise<Reply> {
  const answer = await nextMessage<MeasureReply>(child, (code) =>
    signal.aborted ? signal.reason : new BackendError(`A measured process ended with ${code ?? "a signal"}.`),
  );
  if (answer.kind === "failed") throw errorOf(answer);
  return answer as Reply;
}

function errorOf({ name, message }: FailedReply): Error {
  const known = ERRORS[name];
  return known === undefined ? new Error(message) : new known(message);
}
