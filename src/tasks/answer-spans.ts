/** The tokens of a context that one window holds, scored as beginnings and ends of an answer. */
export interface WindowSpans {
  /** Where each token stands in the context, in UTF-16 units. */
  readonly offsets: readonly (readonly [start: number, end: number])[];
  /** Logits, one a token. */
  readonly starts: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
  /** The logits of "no answer", those of the classification token; undefined where there always is an answer. */
  readonly none: { readonly start: number; readonly end: number } | undefined;
}

/** A range of the context; `[0, 0]` for no answer. */
export interface AnswerSpan {
  readonly start: number;
  readonly end: number;
  /** The probability, among all pairs of a start and an end in all windows. */
  readonly score: number;
}

export interface SpanRules {
  /** How many to return. */
  readonly top: number;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  /** What the logits of "no answer" must have over those of the best span to come before it. */
  readonly threshold: number;
}

interface Candidate {
  readonly start: number;
  readonly end: number;
  /** Start and end logit, added up. */
  readonly logit: number;
  /** What candidates are sorted by. */
  readonly rank: number;
}

/**
 * The best answers of all windows: every span of at most `maxTokens` tokens, ranked by the sum of its start's and end's logits;
 * of a span that several windows hold the highest counts, and for "no answer" the lowest, as a window without the answer
 * is sure of that. Equal ones in the order of their ranges. Source: run_squad.py of google-research/bert.
 */
export function bestSpans(windows: readonly WindowSpans[], { top, maxTokens, threshold }: SpanRules): AnswerSpan[] {
  const best: Candidate[] = [];
  for (const window of windows) {
    for (let start = 0; start < window.offsets.length; start++) {
      const last = Math.min(start + maxTokens, window.offsets.length);
      for (let end = start; end < last; end++) {
        const logit = window.starts[start]! + window.ends[end]!;
        if (best.length === top && logit < best[top - 1]!.rank) continue; // most are, and need no object
        const range = { start: window.offsets[start]![0], end: window.offsets[end]![1] };
        if (range.end > range.start) keep(best, { ...range, logit, rank: logit }, top);
      }
    }
  }
  const none = Math.min(
    ...windows.map(({ none }) => (none === undefined ? Number.POSITIVE_INFINITY : none.start + none.end)),
  );
  if (Number.isFinite(none)) keep(best, { start: 0, end: 0, logit: none, rank: none - threshold }, top);
  const total = logOfAllPairs(windows);
  return best.map(({ start, end, logit }) => ({ start, end, score: Math.exp(logit - total) }));
}

/** Puts a candidate into its place among the best, unless its range is there and ranks as high. */
function keep(best: Candidate[], candidate: Candidate, top: number): void {
  if (best.length === top && !comesBefore(candidate, best[top - 1]!)) return;
  const same = best.findIndex(({ start, end }) => start === candidate.start && end === candidate.end);
  if (same !== -1) {
    if (best[same]!.rank >= candidate.rank) return;
    best.splice(same, 1);
  }
  const place = best.findIndex((other) => comesBefore(candidate, other));
  best.splice(place === -1 ? best.length : place, 0, candidate);
  best.length = Math.min(best.length, top);
}

function comesBefore(a: Candidate, b: Candidate): boolean {
  if (a.rank !== b.rank) return a.rank > b.rank;
  return a.start !== b.start ? a.start < b.start : a.end < b.end;
}

/** The logarithm of the sum of exp(start + end) over all pairs of each window, "no answer" among its positions. */
function logOfAllPairs(windows: readonly WindowSpans[]): number {
  const pairs = windows.map(({ starts, ends, none }) => {
    const [noStart, noEnd] = none === undefined ? [[], []] : [[none.start], [none.end]];
    return logSumExp([...Array.from(starts), ...noStart]) + logSumExp([...Array.from(ends), ...noEnd]);
  });
  return logSumExp(pairs);
}

/** log(sum(exp(x))), without overflow. */
function logSumExp(numbers: readonly number[]): number {
  const largest = numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return Number.isFinite(largest)
    ? largest + Math.log(numbers.reduce((sum, x) => sum + Math.exp(x - largest), 0))
    : largest;
}
