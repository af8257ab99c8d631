import type { MessageWorker, WorkerPort } from "./node-workers.ts";

export function startWorker(url: URL): MessageWorker {
  const worker = new Worker(url, { type: "module" });
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: (listener) => worker.addEventListener("message", (event) => listener(event.data)),
    onFailure: (listener) =>
      worker.addEventListener("error", (event) => listener(new Error(event.message || `could not start ${url}`))),
    keepAlive: () => {},
    terminate: async () => worker.terminate(),
  };
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** A timer would take 4 ms; a message to oneself comes after those of others. */
export function nextMessages(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(undefined);
  });
}

/** What TypeScript's DOM library does not say of the global object inside a dedicated worker. */
interface WorkerGlobal {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
}

export function workerPort(): WorkerPort {
  const scope = globalThis as unknown as WorkerGlobal;
  return {
    post: (message, transfer = []) => scope.postMessage(message, [...transfer]),
    onMessage: (listener) => scope.addEventListener("message", (event) => listener(event.data)),
  };
}
