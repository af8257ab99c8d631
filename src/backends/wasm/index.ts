export { chooseVariant, moduleSizes, type WasmVariant } from "./variant.ts";
export { WasmBackend, type WasmOptions } from "./wasm-backend.ts";
