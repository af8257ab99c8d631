import { parentPort, Worker } from "node:worker_threads";

/** A thread with an event loop of its own, spoken to by messages. Web Workers and Node's alike. */
export interface MessageWorker {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the worker fails to start, throws or dies. */
  onFailure(listener: (error: Error) => void): void;
  /** Whether the worker keeps the process alive. Does nothing in browsers. */
  keepAlive(keep: boolean): void;
  terminate(): Promise<void>;
}

/** Resolves once the messages that have arrived by now have been received. */
export function nextMessages(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The other end: what the worker itself sees. */
export interface WorkerPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** Starts a module as a worker. */
export function startWorker(url: URL): MessageWorker {
  // Without the parent's flags: a loader or an inspector of the program's is none of the worker's business.
  const worker = new Worker(url, { execArgv: [] });
  worker.unref();
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: (listener) => void worker.on("message", listener),
    onFailure: (listener) => {
      worker.on("error", (error) => listener(error instanceof Error ? error : new Error(String(error))));
      worker.on("exit", (code) => listener(new Error(`the worker ended with code ${code}`)));
    },
    keepAlive: (keep) => (keep ? worker.ref() : worker.unref()),
    terminate: async () => void (await worker.terminate()),
  };
}

/** The port to whoever started this worker. */
export function workerPort(): WorkerPort {
  const port = parentPort;
  if (port === null) throw new Error("This module is started as a worker, not imported.");
  return {
    post: (message, transfer = []) => port.postMessage(message, [...transfer]),
    onMessage: (listener) => void port.on("message", listener),
  };
}
