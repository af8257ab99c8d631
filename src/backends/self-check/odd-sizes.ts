/** Sizes that fit no vector and no tile: one, fewer than four lanes, one more than sixteen, and primes beyond. */
export const ODD = [1, 3, 17, 67, 385] as const;
