export { chooseVariant, type WasmVariant } from "./variant.ts";
export { WasmBackend, type WasmOptions } from "./wasm-backend.ts";
