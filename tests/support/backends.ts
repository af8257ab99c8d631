import { setFlagsFromString } from "node:v8";
import type { Backend } from "../../src/backends/backend.ts";
import { loadNativeAddon } from "../../src/backends/native/addon.ts";
import { NativeBackend } from "../../src/backends/native/index.ts";
import { WasmBackend } from "../../src/backends/wasm/index.ts";
import { chooseVariant } from "../../src/backends/wasm/variant.ts";

/** A backend in one of its forms. */
export interface BackendForm {
  readonly name: string;
  start(threads?: number): Promise<Backend>;
  /** Why it cannot be tested here. */
  readonly skip?: string;
  /** What this Node computes wrongly in this form, which is therefore never chosen by itself. */
  readonly wrongIn?: "int8";
}

/** Every form of every backend but the reference: each instruction set, each WebAssembly module. */
export const BACKEND_FORMS: readonly BackendForm[] = [...nativeForms(), ...wasmForms()];

/** The forms as `describe.each` wants them, with those that cannot run here said aloud. */
export function runnableForms(): BackendForm[] {
  for (const { name, skip } of BACKEND_FORMS) if (skip !== undefined) console.warn(`skipped: ${name}: ${skip}`);
  return BACKEND_FORMS.filter(({ skip }) => skip === undefined);
}

function nativeForms(): BackendForm[] {
  const all =
    process.arch === "arm64"
      ? ["neon"]
      : ["sse2", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "avx512_amx"];
  const known = instructionSets();
  return all.map((instructionSet) => ({
    name: `native ${instructionSet}`,
    start: async (threads = 2) => new NativeBackend({ threads, instructionSet }),
    ...(typeof known === "string" ? { skip: known } : {}),
    ...(typeof known !== "string" && !known.includes(instructionSet) ? { skip: "the processor lacks it" } : {}),
  }));
}

function instructionSets(): string[] | string {
  try {
    return loadNativeAddon().instructionSets();
  } catch (error) {
    return (error as Error).message;
  }
}

function wasmForms(): BackendForm[] {
  const isFinished = chooseVariant(1).relaxed;
  if (!isFinished) {
    // Node 20
    setFlagsFromString("--experimental-wasm-relaxed-simd");
    setFlagsFromString("--experimental-wasm-extended-const");
  }
  const { relaxed: runsRelaxed } = chooseVariant(1);
  return [false, true].flatMap((relaxed) =>
    [false, true].map((shared) => ({
      name: `wasm ${relaxed ? "relaxed" : "simd"} ${shared ? "shared" : "single"}`,
      start: (threads = 2) => WasmBackend.create({ threads, variant: { relaxed, shared } }),
      ...(relaxed && !runsRelaxed ? { skip: "this Node has no relaxed SIMD" } : {}),
      ...(relaxed && !isFinished ? { wrongIn: "int8" as const } : {}),
    })),
  );
}
