#!/usr/bin/env node
import { addAbortSignal } from "node:stream";
import { run } from "./run.ts";

const interruption = new AbortController();
// Once: a second Ctrl-C ends the process the hard way.
process.once("SIGINT", () => interruption.abort());

// Writing to a pipe that nobody reads any more fails where it is written; without listeners it would also throw here.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

process.exitCode = await run(process.argv.slice(2), {
  get stdin() {
    return addAbortSignal(interruption.signal, process.stdin);
  },
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: interruption.signal,
});
