import { groupTokens, maskingBudget } from "./mask-units.ts";
import { type MaskedRow, type MaskingOptions, replaceTokens, rowRandom } from "./masked-row.ts";

/** How spans are drawn. */
export interface SpanOptions extends MaskingOptions {
  /**
   * How long spans are, in words: `geometric` with p = 0.2 (Joshi et al., "SpanBERT", 2020), `n-gram` with probability
   * proportional to 1 / n (Lan et al., "ALBERT", 2020). Default: geometric.
   */
  readonly lengths?: "geometric" | "n-gram" | undefined;
  /** The longest span, in words. Default: 10 for geometric, 3 for n-grams. */
  readonly longest?: number | undefined;
}

const GEOMETRIC = 0.2;

/** Draws for spans that would overlap others, before the rest of the budget is given up. */
const ATTEMPTS = 20;

/**
 * Masks spans of whole words until `rate` of the tokens are: lengths are drawn, then where the span begins. All tokens of
 * a span are replaced in the same way.
 *
 * @param words `[T]`: the word of each token; -1 for what is never masked
 * @param row the row's number in the run, from 0
 */
export function maskSpans(ids: Int32Array, words: Int32Array, row: number, options: SpanOptions): MaskedRow {
  const groups = groupTokens(ids, words, options);
  const draw = rowRandom(options.seed, row, "choose");
  const shares = lengthShares(options);
  const isTaken = new Uint8Array(groups.length);
  const chosen: number[][] = [];
  let left = maskingBudget(groups, options);
  let counter = 0;
  for (let failures = 0; left > 0 && failures < ATTEMPTS; ) {
    const length = drawLength(shares, draw(counter++));
    const start = Math.floor(draw(counter++) * groups.length);
    const span = takeSpan(groups, isTaken, start, length, left);
    if (span.length === 0) failures++;
    else {
      chosen.push(span);
      left -= span.length;
      failures = 0;
    }
  }
  return replaceTokens(ids, chosen, row, options);
}

/** The tokens of up to `length` words from `start`, as many as are free, stand together and fit; marks the words. */
function takeSpan(
  groups: readonly number[][],
  isTaken: Uint8Array,
  start: number,
  length: number,
  left: number,
): number[] {
  const span: number[] = [];
  for (let word = start; word < Math.min(start + length, groups.length); word++) {
    const group = groups[word]!;
    const isApart = span.length > 0 && group[0] !== span.at(-1)! + 1;
    if (isTaken[word] === 1 || isApart || span.length + group.length > left) break;
    span.push(...group);
    isTaken[word] = 1;
  }
  return span;
}

/** The probability of each length, from 1. */
function lengthShares({ lengths = "geometric", longest = lengths === "geometric" ? 10 : 3 }: SpanOptions): number[] {
  const weights = Array.from({ length: longest }, (_, i) =>
    lengths === "geometric" ? GEOMETRIC * (1 - GEOMETRIC) ** i : 1 / (i + 1),
  );
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}

function drawLength(shares: readonly number[], draw: number): number {
  let left = draw;
  const found = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return found === -1 ? shares.length : found + 1;
}
