/** One of the four modules that kernels/build-wasm.ts makes. */
export interface WasmVariant {
  /** Fused multiply-adds and other instructions whose last bit the processor decides. */
  readonly relaxed: boolean;
  /** Memory that threads share; browsers allow it on cross-origin isolated pages only. */
  readonly shared: boolean;
}

/** The best variant that runs here; `threads` says whether shared memory is worth having. */
export function chooseVariant(threads: number): WasmVariant {
  return { relaxed: WebAssembly.validate(RELAXED_PROBE), shared: threads > 1 && canShare() };
}

export function variantFile({ relaxed, shared }: WasmVariant): string {
  return `${relaxed ? "relaxed" : "simd"}-${shared ? "shared" : "single"}.wasm`;
}

export function canShare(): boolean {
  return typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated !== false;
}

/** (module (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd)) */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic, version
  ...[1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b], // one type: v128 -> v128
  ...[3, 2, 1, 0], // one function, of that type
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0xfd, 0x85, 0x02, 0x0b], // its code
);
