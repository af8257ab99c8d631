import { safetensorsChunks } from "../../src/checkpoints/safetensors-write.ts";
import { memoryTensor } from "../../src/checkpoints/stored-types.ts";

/** A safetensors file of small tensors, each with numbers of its own. */
export function weightBytes(shapes: { readonly [name: string]: readonly number[] }): Uint8Array {
  const tensors = Object.entries(shapes).map(([name, shape], i) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return memoryTensor(
      name,
      shape,
      Float32Array.from({ length: count }, (_, j) => i + j / 16),
    );
  });
  return Uint8Array.from(Buffer.concat([...safetensorsChunks(tensors)]));
}

/** The text of a sharded index. */
export function indexText(weightMap: { readonly [tensor: string]: unknown }): string {
  return JSON.stringify({ metadata: { total_size: 0 }, weight_map: weightMap });
}
