type Numbers = Int32Array | Uint16Array | Uint8Array | Float64Array;

/** The array itself when it holds `length` numbers, else a copy of at least twice its size. */
export function grown<A extends Numbers>(array: A, length: number): A {
  if (length <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => A)(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
