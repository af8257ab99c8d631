import type { Plan, ProgramValue, SizeName, Sizes, Step } from "../backends/backend.ts";
import { resolveDimension } from "../backends/shape.ts";

const ALIGNMENT = 64; // a cache line, and the widest vector

/** First and last step that touch a value of the arena. */
interface Lifetime {
  readonly value: number;
  readonly from: number;
  to: number;
}

/**
 * Lays all arena values out in one block, reusing the space of values that are dead. Lifetimes are fixed by the
 * program; only sizes vary, so plans are cached by size bucket: sizes are rounded up to the next eighth of a power of
 * two, and every run that falls into a bucket shares its offsets.
 */
export class Planner {
  readonly #values: readonly ProgramValue[];
  readonly #lifetimes: readonly Lifetime[];
  readonly #cache = new Map<string, Plan>();

  constructor(values: readonly ProgramValue[], steps: readonly Step[]) {
    this.#values = values;
    this.#lifetimes = lifetimes(values, steps);
  }

  plan(sizes: Sizes): Plan {
    const rounded = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, bucket(size)])) as Sizes;
    const key = (Object.keys(rounded) as SizeName[])
      .sort()
      .map((name) => `${name}=${rounded[name]}`)
      .join();
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const plan = this.#layOut(rounded);
    this.#cache.set(key, plan);
    return plan;
  }

  #layOut(sizes: Sizes): Plan {
    const offsets = new Float64Array(this.#values.length).fill(-1);
    const placed: { offset: number; end: number; to: number }[] = [];
    let bytes = 0;
    for (const { value, from, to } of this.#lifetimes) {
      const size = align(byteLength(this.#values[value] as ProgramValue, sizes));
      const live = placed.filter((block) => block.to >= from).sort((a, b) => a.offset - b.offset);
      let offset = 0;
      for (const block of live) {
        if (block.offset - offset >= size) break;
        offset = Math.max(offset, block.end);
      }
      placed.push({ offset, end: offset + size, to });
      offsets[value] = offset;
      bytes = Math.max(bytes, offset + size);
    }
    return { bytes, offsets };
  }
}

/** Bytes of a value at these sizes. */
export function byteLength(value: ProgramValue, sizes: Sizes): number {
  return 4 * value.shape.reduce<number>((product, dimension) => product * resolveDimension(dimension, sizes), 1);
}

/** The next multiple of an eighth of the power of two below `size`, at least 16: at most 12.5 % too much. */
function bucket(size: number): number {
  const grain = Math.max(16, 2 ** (Math.floor(Math.log2(Math.max(1, size))) - 3));
  return Math.ceil(Math.max(1, size) / grain) * grain;
}

function lifetimes(values: readonly ProgramValue[], steps: readonly Step[]): Lifetime[] {
  const found = new Map<number, Lifetime>();
  steps.forEach((step, i) => {
    for (const id of [...Object.values<number>(step.inputs), ...Object.values<number>(step.outputs)]) {
      const base = values[id]?.view?.of ?? id;
      if (values[base]?.place !== "arena") continue;
      const known = found.get(base);
      if (known === undefined) found.set(base, { value: base, from: i, to: i });
      else known.to = i;
    }
  });
  return [...found.values()];
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
