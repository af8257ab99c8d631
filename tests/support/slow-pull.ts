import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { MockHub, SeenRequest } from "./mock-hub.ts";
import { repositoryRoot } from "./shared.ts";

/** Weights that take their time. */
export const WEIGHTS = Buffer.alloc(400_000, "weights of a model, ");
export const FILES = {
  "config.json": '{"a":1}',
  "vocab.txt": "[PAD]\n[UNK]\n",
  "model.safetensors": WEIGHTS,
};
export const TOTAL = Object.values(FILES).reduce((sum, content) => sum + content.length, 0);

/** Sends weights slowly, in pieces; `onPiece` is called with the bytes on their way. */
export function sendSlowly(hub: MockHub, onPiece: (bytes: number) => void = () => undefined) {
  return (seen: SeenRequest, response: ServerResponse, content: Buffer | undefined) => {
    if (seen.server !== "store") return false;
    const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? "")?.[1] ?? 0);
    if (start > 0) response.setHeader("content-range", `bytes ${start}-${content!.length - 1}/${content!.length}`);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": content!.length - start });
    const send = (at: number) => {
      if (response.destroyed) return;
      const piece = content!.subarray(at, at + 40_000);
      hub.sent += piece.length;
      response.write(piece, () => onPiece(at + piece.length));
      if (at + piece.length < content!.length) setTimeout(send, 10, at + piece.length);
      else response.end();
    };
    send(start);
    return true;
  };
}

/** "cloze pull org/tiny" in a process of its own. */
export function startPull(hub: MockHub, cacheFolder: string) {
  const main = join(repositoryRoot, "src/cli/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, "pull", "org/tiny"], {
    cwd: repositoryRoot,
    env: { ...process.env, HF_HUB_OFFLINE: "0", HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cacheFolder },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const written = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.stderr += text));
  return { child, written, exit: once(child, "close").then(([exitCode]) => exitCode as number | null) };
}

/** Blobs whose content is not what their name says: none may ever be there. */
export function wrongBlobs(cacheFolder: string): string[] {
  const folder = join(cacheFolder, "models--org--tiny/blobs");
  if (!existsSync(folder)) return [];
  const whole = readdirSync(folder).filter((name) => !name.endsWith(".incomplete"));
  return whole.filter((etag) => {
    const bytes = readFileSync(join(folder, etag));
    const small = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    return etag !== small && etag !== createHash("sha256").update(bytes).digest("hex");
  });
}
