import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const KERNELS_FOLDER = fileURLToPath(new URL(".", import.meta.url));
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Objects, keys and the generated header. */
export const BUILD_FOLDER = fileURLToPath(new URL("../build/", import.meta.url));

/** The processor that the addon is for: this machine's, or another one, for which $CXX then compiles. */
export const ARCHITECTURE = process.env.CLOZE_ARCHITECTURE ?? process.arch;

/** The machine around the kernels, compiled once a platform: for every place, for the addon, for WebAssembly. */
const SHARED_HOST_FILES = ["interpreter.cc", "peak.cc", "stored_types.cc", "thread_pool.cc"];
const NATIVE_HOST_FILES = [
  "device.cc",
  "dispatch.cc",
  "host_native.cc",
  "node_devices.cc",
  "node_door.cc",
  "node_objects.cc",
  "node_programs.cc",
];
const WASM_HOST_FILES = ["host_wasm.cc", "wasm_door.cc"];
/** For WebAssembly alone, but once per instruction set. */
export const WASM_KERNELS = "wasm_kernels.cc";
const HOST_FILES = [...SHARED_HOST_FILES, ...NATIVE_HOST_FILES, ...WASM_HOST_FILES, WASM_KERNELS];

export const NATIVE_HOST = [...SHARED_HOST_FILES, ...NATIVE_HOST_FILES];
export const WASM_HOST = [...SHARED_HOST_FILES, ...WASM_HOST_FILES];

/** Every other .cc file is a kernel file, compiled once per instruction set. */
export function kernelFiles(): string[] {
  return readdirSync(KERNELS_FOLDER)
    .filter((name) => name.endsWith(".cc") && !HOST_FILES.includes(name))
    .sort();
}

export function headerFiles(): string[] {
  return readdirSync(KERNELS_FOLDER)
    .filter((name) => name.endsWith(".h"))
    .sort();
}

export function readSource(name: string): string {
  return readFileSync(`${KERNELS_FOLDER}${name}`, "utf8");
}

/** What every compiler is told, whatever it compiles for. Strict about numbers: nothing of -ffast-math. */
export const COMMON_FLAGS = [
  "-std=c++20",
  "-Wall",
  "-Wextra",
  "-fno-exceptions",
  "-fno-rtti",
  "-fno-threadsafe-statics",
  "-fvisibility=hidden",
];

/**
 * For kernels. Where multiply-adds fuse stands in the source (vector.h), as the compiler would decide anew for each copy of
 * the same lines, and equal inputs get equal bits. No one reads errno or floating-point traps.
 */
export const KERNEL_FLAGS = ["-O3", "-ffreestanding", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"];
