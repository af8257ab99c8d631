import { readPackagedFile } from "#platform";

/** One of the four modules that kernels/build-wasm.ts makes. */
export interface WasmVariant {
  /** Fused multiply-adds and other instructions whose last bit the processor decides. */
  readonly relaxed: boolean;
  /** Memory that threads share; browsers allow it on cross-origin isolated pages only. */
  readonly shared: boolean;
}

export const WASM_VARIANTS: readonly WasmVariant[] = [
  { relaxed: false, shared: false },
  { relaxed: false, shared: true },
  { relaxed: true, shared: false },
  { relaxed: true, shared: true },
];

/** The best variant that runs here; `threads` says whether shared memory is worth having. */
export function chooseVariant(threads: number): WasmVariant {
  return { relaxed: WebAssembly.validate(RELAXED_PROBE), shared: threads > 1 && canShare() };
}

export function variantFile({ relaxed, shared }: WasmVariant): string {
  return `${relaxed ? "relaxed" : "simd"}-${shared ? "shared" : "single"}.wasm`;
}

/** Reads a module. Modules are in dist, also for tests and programs that run from source. */
export function readModule(variant: WasmVariant): Promise<Uint8Array<ArrayBuffer>> {
  return readPackagedFile(new URL(`../../../dist/backends/wasm/${variantFile(variant)}`, import.meta.url));
}

/** The modules that are built, and their bytes: what a browser fetches of one of them. */
export async function moduleSizes(): Promise<{ readonly file: string; readonly bytes: number }[]> {
  const sizes = await Promise.all(
    WASM_VARIANTS.map(async (variant) => {
      const module = await readModule(variant).catch(() => undefined);
      return module === undefined ? [] : [{ file: variantFile(variant), bytes: module.byteLength }];
    }),
  );
  return sizes.flat();
}

export function canShare(): boolean {
  return typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated !== false;
}

/**
 * (module (global i32 (i32.add (i32.const 0) (i32.const 0)))
 *   (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd))
 *
 * V8 had relaxed SIMD as an experiment before it was finished, with products of bytes that miss a term; what tells these
 * versions (Node 20 with a flag) apart is that sums in a constant came with the finished one.
 */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic, version
  ...[1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b], // one type: v128 -> v128
  ...[3, 2, 1, 0], // one function, of that type
  ...[6, 9, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b], // one constant, a sum
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0xfd, 0x85, 0x02, 0x0b], // its code
);
