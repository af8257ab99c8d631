/**
 * Counter-based random numbers: number `i` of a stream depends on its seed and on `i` alone, so that any part of it can be
 * made anywhere, in any order, with the same bits. Mixing by the finalizer of SplitMix64's 32-bit kin.
 * Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants of murmur3.
 */
export function randomBits(seed: number, counter: number): number {
  let x = (Math.imul(counter, 0x9e3779b1) ^ mix(seed | 0)) | 0;
  x = mix(x);
  return mix(x + Math.imul(seed, 0x85ebca6b)) >>> 0;
}

/** In [0, 1), of 32 bits. */
export function uniform(seed: number, counter: number): number {
  return randomBits(seed, counter) / 2 ** 32;
}

/** Mean 0, deviation 1, by Box and Muller's transform of two numbers of the stream. */
export function gaussian(seed: number, counter: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, 2 * counter)));
  return radius * Math.cos(2 * Math.PI * uniform(seed, 2 * counter + 1));
}

/** A seed of its own for a name, such as a parameter's. */
export function seedOf(seed: number, name: string): number {
  let hash = mix(seed | 0);
  for (let i = 0; i < name.length; i++) hash = mix(hash ^ name.charCodeAt(i));
  return hash;
}

function mix(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
