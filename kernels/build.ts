/**
 * Builds what TypeScript cannot express: build/opcodes.h, the addon for this machine and the WebAssembly modules. Part
 * of `npm run build`, after `tsc`. Needs no shell, no network and, for WebAssembly, no compiler of the system. Without a
 * C++ compiler there is no addon, and WebAssembly serves.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { variantFile, WASM_VARIANTS, type WasmVariant } from "../src/backends/wasm/variant.ts";
import { buildAddon } from "./build-addon.ts";
import { writeIfChanged } from "./build-freshness.ts";
import { opcodesHeader } from "./build-opcodes.ts";
import { BUILD_FOLDER, ROOT } from "./build-sources.ts";

const started = performance.now();
writeIfChanged(`${BUILD_FOLDER}opcodes.h`, opcodesHeader());

const [missing, hasWasm] = await Promise.all([buildAddon(), buildWasm()]);
if (missing !== undefined) console.log(`kernels: no addon, WebAssembly serves: ${missing}`);
if (!hasWasm) process.exit(1);
console.log(`kernels: ${WASM_VARIANTS.map(sizeOfModule).join(", ")}`);
console.log(`kernels: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);

function sizeOfModule(variant: WasmVariant): string {
  const file = variantFile(variant);
  return `${file} ${(statSync(join(ROOT, "dist/backends/wasm", file)).size / 1000).toFixed(1)} kB`;
}

/** In a process of its own: clang as WebAssembly blocks the thread that it runs on. Its standard output is chatter. */
async function buildWasm(): Promise<boolean> {
  const script = fileURLToPath(new URL("build-wasm.ts", import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, script], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
}
