import { type ChildProcess, fork, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { python } from "../python.ts";

/** A batch of equal texts, how many calls the median is of, and what is measured of the machine right after them. */
export interface ForwardRequest {
  readonly texts: number;
  readonly tokens: number;
  readonly calls: number;
  /** Operations a second in registers, or bytes a second that are read. Cloze's side alone measures them. */
  readonly limit?: "peak" | "reading";
}

export interface ForwardReply {
  readonly milliseconds: number;
  /** The first numbers of the result. */
  readonly first: readonly number[];
  /** The limit that was asked for. */
  readonly limit?: number;
}

/** One side of a comparison of forward passes, in a process of its own. */
export interface ForwardSide {
  forward(request: ForwardRequest): Promise<ForwardReply>;
  stop(): void;
}

/** A program of the bench that talks over its IPC channel. */
export async function startNodeSide(program: URL, args: readonly string[]): Promise<ForwardSide> {
  const child = fork(program, args, { serialization: "advanced", execArgv: [], stdio: "inherit" });
  const next = () => answer<ForwardReply>(child, (settle) => child.once("message", settle));
  await next();
  return {
    forward: (request) => {
      const reply = next();
      child.send(request);
      return reply;
    },
    stop: () => child.disconnect(),
  };
}

/** A Python program that talks in lines of JSON. */
export async function startPythonSide(program: string, args: readonly string[]): Promise<ForwardSide> {
  const child = spawn(python, [program, ...args], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout });
  const next = () =>
    answer<ForwardReply>(child, (settle) => lines.once("line", (line) => settle(JSON.parse(line) as ForwardReply)));
  await next();
  return {
    forward: (request) => {
      const reply = next();
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return reply;
    },
    stop: () => child.stdin.end(),
  };
}

function answer<Reply>(child: ChildProcess, listen: (settle: (reply: Reply) => void) => void): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`a program of the bench ended with ${code}`));
    child.once("exit", fail);
    listen((reply) => {
      child.off("exit", fail);
      resolve(reply);
    });
  });
}
