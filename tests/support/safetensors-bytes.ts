/**
 * A safetensors file around any header, right or wrong. `declaredBytes` overrides the length that stands before it.
 */
export function safetensorsBytes(
  header: string | Uint8Array | object,
  dataBytes = 0,
  declaredBytes?: bigint,
): Uint8Array {
  const text =
    header instanceof Uint8Array
      ? header
      : new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, declaredBytes ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

/** A header's entry for an F32 tensor. */
export function floatEntry(shape: readonly number[], begin: number, end: number): object {
  return { dtype: "F32", shape, data_offsets: [begin, end] };
}
