/**
 * Builds what TypeScript cannot express: build/opcodes.h, the addon for this machine and the WebAssembly modules. Part
 * of `npm run build`, after `tsc`. Needs no shell, no network and, for WebAssembly, no compiler of the system. Without a
 * C++ compiler there is no addon, and WebAssembly serves.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildAddon } from "./build-addon.ts";
import { writeIfChanged } from "./build-freshness.ts";
import { opcodesHeader } from "./build-opcodes.ts";
import { BUILD_FOLDER } from "./build-sources.ts";

const started = performance.now();
writeIfChanged(`${BUILD_FOLDER}opcodes.h`, opcodesHeader());
// In a process of its own: clang as WebAssembly blocks the thread that it runs on.
const wasm = promisify(execFile)(process.execPath, [
  ...process.execArgv,
  fileURLToPath(new URL("build-wasm.ts", import.meta.url)),
]);
const [missing, { stderr }] = await Promise.all([buildAddon(), wasm]);
process.stderr.write(stderr);
if (missing !== undefined) console.log(`kernels: no addon, WebAssembly serves: ${missing}`);
console.log(`kernels: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
