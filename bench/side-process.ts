import { type ChildProcess, fork, type Serializable, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { nextMessage } from "../src/cli/bench/next-message.ts";
import { python } from "./python.ts";

/**
 * One side of a comparison in a process of its own: its threads, its memory and its garbage are not the other side's,
 * and it times its own work.
 */
export interface Side<Request, Reply, Ready = unknown> {
  /** What it said when it could be asked. */
  readonly ready: Ready;
  ask(request: Request): Promise<Reply>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Starts a program of the bench, which talks over its IPC channel, in this Node or in another one. */
export async function startNode<Request, Reply, Ready = unknown>(
  program: URL,
  args: readonly string[],
  node = process.execPath,
): Promise<Side<Request, Reply, Ready>> {
  const child = fork(program, args, { execPath: node, serialization: "advanced", execArgv: [], stdio: "inherit" });
  const next = <Message>() => nextMessage<Message>(child, endedEarly(program.pathname));
  return {
    ready: await next<Ready>(),
    ask(request) {
      const reply = next<Reply>();
      child.send(request as Serializable);
      return reply;
    },
    stop: () => gone(child, () => child.disconnect()),
  };
}

/** Starts a Python program, which talks in lines of JSON. */
export async function startPython<Request, Reply>(
  program: string,
  args: readonly string[],
): Promise<Side<Request, Reply>> {
  const child = spawn(python, [program, ...args], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout });
  const next = <Message>() =>
    nextMessage<Message>(child, endedEarly(program), (settle) =>
      lines.once("line", (line) => settle(JSON.parse(line) as Message)),
    );
  return {
    ready: await next(),
    ask(request) {
      const reply = next<Reply>();
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return reply;
    },
    stop: () => gone(child, () => child.stdin.end()),
  };
}

function endedEarly(program: string): (code: number | null) => Error {
  return (code) => new Error(`${program} ended with ${code}`);
}

async function gone(child: ChildProcess, end: () => void): Promise<void> {
  const exit = once(child, "exit");
  end();
  await exit;
}
