/** What masked language modelling makes of a row. */
import { randomBits, seedOf, uniform } from "../../backends/random.ts";

/** A row with tokens to guess. */
export interface MaskedRow {
  /** `[T]`: the row with some of its tokens replaced. */
  readonly ids: Int32Array;
  /** `[S]`: the places that are to be guessed, rising. */
  readonly positions: Int32Array;
  /** `[S]`: the tokens that stood there. */
  readonly targets: Int32Array;
}

/** The tokens that masking needs to know. */
export interface MaskingVocabulary {
  /** Ids from 0 up to this. */
  readonly size: number;
  readonly maskId: number;
  /** Ids that are never masked, nor put in place of others: [CLS], [SEP], [PAD], [MASK] ... */
  readonly special: ReadonlySet<number>;
}

/** How much is masked, and by what. */
export interface MaskingOptions {
  readonly vocabulary: MaskingVocabulary;
  /** The run's seed. */
  readonly seed: number;
  /** The share of tokens to guess. Default: 0.15. */
  readonly rate?: number | undefined;
  /** Of those, the share that becomes [MASK]. Default: 0.8. */
  readonly maskShare?: number | undefined;
  /** Of those, the share that becomes a random token; the rest stays as it is. Default: 0.1. */
  readonly randomShare?: number | undefined;
}

/** BERT's share of tokens to guess. */
export const MASKING_RATE = 0.15;

/**
 * The random numbers of a row: they depend on the seed, the row's number in the run and what they are for, so that a row
 * masks the same after resuming and in another way when it comes again (dynamic masking, as RoBERTa has it).
 *
 * @param row counts the rows of the run from 0; a row of fixed number masks the same each time
 */
export function rowRandom(seed: number, row: number, purpose: string): (counter: number) => number {
  const stream = randomBits(seedOf(seed, purpose), row);
  return (counter) => uniform(stream, counter);
}

/**
 * Replaces the chosen tokens: by [MASK], by a random token, or not at all, drawn for each group. A group is a token in
 * BERT; SpanBERT draws for whole spans.
 *
 * @param chosen places in groups
 */
export function replaceTokens(
  ids: Int32Array,
  chosen: readonly (readonly number[])[],
  row: number,
  options: MaskingOptions,
): MaskedRow {
  const { vocabulary, seed, maskShare = 0.8, randomShare = 0.1 } = options;
  const draw = rowRandom(seed, row, "replace");
  const drawToken = rowRandom(seed, row, "random token");
  const replaced = Int32Array.from(ids);
  for (const group of chosen) {
    const fate = draw(group[0]!);
    for (const place of group) {
      if (fate < maskShare) replaced[place] = vocabulary.maskId;
      else if (fate < maskShare + randomShare) replaced[place] = randomToken(vocabulary, drawToken, place);
    }
  }
  const positions = Int32Array.from(chosen.flat()).sort();
  return { ids: replaced, positions, targets: positions.map((place) => ids[place]!) };
}

/** Any token but a special one, each as likely. */
function randomToken({ size, special }: MaskingVocabulary, draw: (counter: number) => number, place: number): number {
  for (let attempt = 0; ; attempt++) {
    const id = Math.floor(draw(place + attempt * 0x10000) * size);
    if (!special.has(id) || attempt > 100) return id;
  }
}
