import { uniform } from "../../backends/random.ts";
import { InputError } from "../../errors.ts";
import type { Position, Sequence } from "./sequence.ts";

/** A sequence and how often it is drawn from, beside the others. */
export interface Weighted<T> {
  readonly sequence: Sequence<T>;
  /** Any number above 0; shares are weights over their sum. */
  readonly weight: number;
}

/**
 * Several sequences mixed: each item is drawn from one of them, by weight. One that ends is left out from then on; repeat
 * it to keep the shares.
 *
 * @throws InputError when there is none, or a weight is not above 0.
 */
export function mixSequences<T>(parts: readonly Weighted<T>[], { seed }: { readonly seed: number }): Sequence<T> {
  if (parts.length === 0) throw new InputError("There is nothing to mix; expected one corpus or more.");
  const wrong = parts.find(({ weight }) => !(weight > 0 && Number.isFinite(weight)));
  if (wrong !== undefined) throw new InputError(`A corpus has the weight ${wrong.weight}; expected a number above 0.`);
  return {
    open(position) {
      const begin = position as MixPosition | undefined;
      const cursors = parts.map(({ sequence }, i) => sequence.open(begin?.parts[i] ?? undefined));
      const isOver = parts.map((_, i) => begin?.over[i] === 1);
      let drawn = begin?.drawn ?? 0;
      return {
        async next() {
          for (;;) {
            const i = pick(parts, isOver, uniform(seed, drawn));
            if (i === undefined) return undefined;
            const item = await cursors[i]!.next();
            drawn++;
            if (item !== undefined) return item;
            isOver[i] = true;
          }
        },
        get position(): Position {
          return { drawn, parts: cursors.map((cursor) => cursor.position), over: isOver.map(Number) };
        },
      };
    },
  };
}

interface MixPosition {
  readonly drawn: number;
  readonly parts: readonly Position[];
  readonly over: readonly number[];
}

/** The part in which a share of the weights that are left lies. */
function pick(parts: readonly Weighted<unknown>[], isOver: readonly boolean[], share: number): number | undefined {
  const weights = parts.map(({ weight }, i) => (isOver[i] ? 0 : weight));
  let left = share * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return weight > 0 && left < 0;
  });
  if (found !== -1) return found;
  const last = weights.findLastIndex((weight) => weight > 0);
  return last === -1 ? undefined : last;
}
