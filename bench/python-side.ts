import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { EmbedReply, EmbedRequest } from "./bench-process.ts";
import { python } from "./python.ts";

/** One side of a comparison, whatever it is written in. */
export interface EmbedSide {
  embed(request: EmbedRequest): Promise<EmbedReply>;
  stop(): Promise<void>;
}

/** A Python program that talks in lines of JSON. */
export async function startPythonEmbedder(program: string, args: readonly string[]): Promise<EmbedSide> {
  const child = spawn(python, [program, ...args], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout });
  const gone = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
  });
  gone.catch(() => undefined);
  const line = () => Promise.race([gone, new Promise<string>((resolve) => lines.once("line", resolve))]);
  await line(); // it is ready
  return {
    embed: async (request) => {
      const answer = line();
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { embeddings, ...reply } = JSON.parse(await answer) as EmbedReply & { embeddings?: number[][] };
      return { ...reply, ...(embeddings && { embeddings: embeddings.map((vector) => Float32Array.from(vector)) }) };
    },
    stop: async () => {
      child.stdin.end();
      await gone.catch(() => undefined);
    },
  };
}
