import { type ChildProcess, fork } from "node:child_process";

/** What a program of the bench says when it is ready to be asked. */
export interface ReadyMessage {
  /** From the end of its imports to the first embedding. */
  firstMilliseconds: number;
  /** What computes, for the report. */
  description: string;
}

export interface EmbedRequest {
  texts: readonly string[];
  /** How the peer is to go through them; Cloze orders texts by itself. */
  order?: "in-order" | "sorted";
  /** Ask with every text alone, this many times over, and tell the median time of a call. */
  calls?: number;
  /** Send the embeddings back too. */
  keep?: boolean;
}

export interface EmbedReply {
  milliseconds: number;
  embeddings?: Float32Array[];
  /** Peak memory of the process so far, in MB. */
  peakMemory: number;
}

/**
 * One side of a comparison in a process of its own: its threads, its memory and its garbage are not the other side's,
 * and it times its own work.
 */
export class BenchProcess {
  readonly ready: ReadyMessage;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ready: ReadyMessage) {
    this.#child = child;
    this.ready = ready;
  }

  /** Starts a program of the bench, in this Node or in another one, and waits until it has embedded its first text. */
  static async start(program: URL, args: readonly string[], node = process.execPath): Promise<BenchProcess> {
    const child = fork(program, args, { execPath: node, serialization: "advanced", execArgv: [], stdio: "inherit" });
    return new BenchProcess(child, await reply<ReadyMessage>(child));
  }

  embed(request: EmbedRequest): Promise<EmbedReply> {
    const answer = reply<EmbedReply>(this.#child);
    this.#child.send(request);
    return answer;
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.disconnect();
    await gone;
  }
}

function reply<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`${child.spawnfile} bench program ended with ${code}`));
    child.once("exit", fail);
    child.once("message", (message) => {
      child.off("exit", fail);
      resolve(message as Message);
    });
  });
}
