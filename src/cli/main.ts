#!/usr/bin/env node
import { addAbortSignal } from "node:stream";
import { INTERRUPTED, TERMINATED } from "./exit-codes.ts";
import { run } from "./run.ts";

const interruption = new AbortController();
let interruptedCode = INTERRUPTED;
// Once each: a second Ctrl-C ends the process the hard way.
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => {
  interruptedCode = 128 + 15; // as shells count
  interruption.abort(TERMINATED);
});

// Writing to a pipe that nobody reads any more fails where it is written; without listeners it would also throw here.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

const exitCode = await run(process.argv.slice(2), {
  get stdin() {
    return addAbortSignal(interruption.signal, process.stdin);
  },
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: interruption.signal,
});
process.exitCode = exitCode === INTERRUPTED ? interruptedCode : exitCode;
