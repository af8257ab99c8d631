import type { ChildProcess } from "node:child_process";

/**
 * The next message of a child process.
 *
 * @param ended what to fail with when the process ends before it, by its exit code; null for a signal
 * @param listen how a message is waited for. Default: on the channel that `fork` opens.
 */
export function nextMessage<Message>(
  child: ChildProcess,
  ended: (code: number | null) => unknown,
  listen: (settle: (message: Message) => void) => void = (settle) => child.once("message", settle as () => void),
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(ended(code));
    child.once("exit", fail);
    listen((message) => {
      child.off("exit", fail);
      resolve(message);
    });
  });
}
