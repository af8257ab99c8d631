import type { Sizes } from "../backends/backend.ts";
import { InputError } from "../errors.ts";

/** Texts one after another, without padding. */
export interface PackedBatch {
  readonly ids: Int32Array; // [T]
  /** Where each text starts; the last is T. */
  readonly offsets: Int32Array; // [B + 1]
  /** Default: zeros. */
  readonly typeIds?: Int32Array | undefined; // [T]
  /** ERNIE's task of each token. Default: zeros. */
  readonly taskIds?: Int32Array | undefined; // [T]
  /** Rows that a masked-word head looks at. */
  readonly rows?: Int32Array | undefined; // [S]
  /** Groups of texts, for losses over them. Default: 0. */
  readonly groups?: number | undefined;
  /** Further inputs of a program's tail, by name. */
  readonly extra?: { readonly [name: string]: Int32Array | Float32Array } | undefined;
}

/** Packs texts of token ids (and type ids) into one batch. */
export function pack(
  texts: readonly { readonly ids: ArrayLike<number>; readonly typeIds?: ArrayLike<number> }[],
): PackedBatch {
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = (offsets[i] as number) + text.ids.length;
  });
  const ids = new Int32Array(offsets[texts.length] as number);
  const typeIds = new Int32Array(ids.length);
  texts.forEach((text, i) => {
    ids.set(text.ids, offsets[i] as number);
    if (text.typeIds !== undefined) typeIds.set(text.typeIds, offsets[i] as number);
  });
  return { ids, offsets, typeIds };
}

/**
 * @throws InputError when a text has no token, or more than `maxLength`.
 */
export function checkLengths(batch: PackedBatch, maxLength: number): void {
  for (let text = 0; text + 1 < batch.offsets.length; text++) {
    const length = (batch.offsets[text + 1] as number) - (batch.offsets[text] as number);
    if (length < 1)
      throw new InputError(`Text ${text} has no tokens; a text needs at least one, special tokens included.`);
    if (length > maxLength) {
      throw new InputError(
        `Text ${text} has ${length} tokens; this model reads at most ${maxLength}. Pass truncation: "truncate" or "window".`,
      );
    }
  }
}

export function sizesOf(batch: PackedBatch, pairs: number): Sizes {
  return {
    tokens: batch.ids.length,
    texts: batch.offsets.length - 1,
    rows: batch.rows?.length ?? 0,
    groups: batch.groups ?? 0,
    pairs,
  };
}

/**
 * Positions within each text: from 0, or from the number after a padding id. A padding token that stands in a text has
 * the padding id as its position then, and is not counted.
 */
export function positionsOf({ ids, offsets }: PackedBatch, paddingId: number | undefined): Int32Array {
  const positions = new Int32Array(ids.length);
  for (let text = 0; text + 1 < offsets.length; text++) {
    let next = paddingId === undefined ? 0 : paddingId + 1;
    for (let t = offsets[text] as number; t < (offsets[text + 1] as number); t++)
      positions[t] = ids[t] === paddingId ? (paddingId as number) : next++;
  }
  return positions;
}

/** Where each text's pairs of tokens start; the last is the sum of all lengths squared. */
export function pairOffsetsOf(offsets: Int32Array): Int32Array {
  const pairs = new Int32Array(offsets.length);
  for (let text = 0; text + 1 < offsets.length; text++) {
    const length = (offsets[text + 1] as number) - (offsets[text] as number);
    pairs[text + 1] = (pairs[text] as number) + length * length;
  }
  return pairs;
}
