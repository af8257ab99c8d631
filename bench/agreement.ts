/** The largest difference between two lists of embeddings, over all numbers. */
export function largestDifference(ours: readonly Float32Array[], theirs: readonly Float32Array[]): number {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} embeddings against ${theirs.length}`);
  let largest = 0;
  for (const [text, our] of ours.entries()) {
    const their = theirs[text]!;
    if (our.length !== their.length) throw new Error(`text ${text}: ${our.length} numbers against ${their.length}`);
    for (const [at, value] of our.entries()) {
      const difference = Math.abs(value - their[at]!);
      if (!(difference <= largest)) largest = difference; // so that a NaN is kept, and fails
    }
  }
  return largest;
}

/** What numbers of embeddings, whose length is 1, may differ by, per kind of number that both sides compute with. */
const AGREE = { f32: 1e-3, bf16: 0.02, int8: 0.06 } as const;

/** Ends the bench unless both sides compute the same thing: a speed of wrong numbers means nothing. */
export function requireAgreement(
  name: string,
  ours: readonly Float32Array[],
  theirs: readonly Float32Array[],
  dtype: keyof typeof AGREE = "f32",
): void {
  const difference = largestDifference(ours, theirs);
  if (!(difference <= AGREE[dtype])) {
    throw new Error(`${name}: the peer's embeddings differ from Cloze's by ${difference}, more than ${AGREE[dtype]}`);
  }
}
