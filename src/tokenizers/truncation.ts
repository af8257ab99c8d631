import { InputError } from "../errors.ts";

/** Which of two texts gives way when both do not fit. */
export type TruncationStrategy = "longest-first" | "only-first" | "only-second" | "none";

/** The end that tokens are cut off from. */
export type TruncationSide = "left" | "right";

/** A range of a text's tokens. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

/**
 * How many tokens of each text are kept.
 *
 * @param lengths - tokens of the text, and of its pair where there is one.
 * @param room - tokens that fit, special ones not counted.
 * @throws InputError when the strategy cannot make the texts fit.
 */
export function keptLengths(lengths: readonly number[], room: number, strategy: TruncationStrategy): number[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (strategy === "none" || total <= room) return [...lengths];
  if (strategy === "longest-first") {
    return lengths.length === 1 ? [room] : keptOfPair(lengths[0]!, lengths[1]!, room);
  }
  const target = strategy === "only-first" ? 0 : 1;
  const length = lengths[target];
  if (length === undefined) {
    throw new InputError('truncation: "only-second" needs a pair, and none was given.');
  }
  const excess = total - room;
  if (length <= excess && room > 0) {
    throw new InputError(
      `The other text alone has ${total - length} of the ${room} tokens that fit, so truncation: "${strategy}" ` +
        'leaves nothing. Raise maxLength or pass truncation: "longest-first".',
    );
  }
  return lengths.map((other, i) => (room === 0 ? 0 : i === target ? other - excess : other));
}

/** The longer text gives way first; when both are longer than half the room, each gets half, the longer one the odd token. */
function keptOfPair(first: number, second: number, room: number): number[] {
  const [shorter, longer] = first > second ? [second, first] : [first, second];
  const isBothCut = shorter > room || shorter + Math.max(shorter, room - shorter) > room;
  const keptShorter = isBothCut ? Math.floor(room / 2) : shorter;
  const keptLonger = isBothCut ? room - keptShorter : Math.min(longer, Math.max(shorter, room - shorter));
  return first > second ? [keptLonger, keptShorter] : [keptShorter, keptLonger];
}

/**
 * The windows of `kept` tokens that cover a text of `length`, each sharing `stride` tokens with the one before. The first
 * one is what truncation alone leaves.
 *
 * @throws InputError when the stride leaves no room to move on.
 */
export function windowRanges(length: number, kept: number, stride: number, side: TruncationSide): TokenRange[] {
  if (kept >= length) return [{ start: 0, end: length }];
  if (kept === 0) {
    return [
      { start: 0, end: 0 },
      { start: 0, end: length },
    ];
  }
  if (stride >= kept) {
    throw new InputError(
      `Windows of ${kept} tokens cannot overlap by stride ${stride}; pass a smaller stride or a larger maxLength.`,
    );
  }
  const ranges: TokenRange[] = [];
  if (side === "right") {
    for (let start = 0; ; start += kept - stride) {
      const end = Math.min(start + kept, length);
      ranges.push({ start, end });
      if (end === length) return ranges;
    }
  }
  for (let end = length; ; end -= kept - stride) {
    const start = Math.max(0, end - kept);
    ranges.push({ start, end });
    if (start === 0) return ranges;
  }
}
