import type { Similarity } from "../checkpoints/sentence-transformers.ts";
import { InputError } from "../errors.ts";

/** How alike two embeddings are: the more, the higher. Distances are negative. */
export type SimilarityFunction = (a: ArrayLike<number>, b: ArrayLike<number>) => number;

/** sentence_transformers/util/similarity.py */
export const SIMILARITY_FUNCTIONS: { readonly [S in Similarity]: SimilarityFunction } = {
  cosine(a, b) {
    // A vector of zeros is as unlike as can be, not a division by zero.
    const lengths = Math.max(Math.sqrt(dot(a, a)), 1e-12) * Math.max(Math.sqrt(dot(b, b)), 1e-12);
    return dot(a, b) / lengths;
  },
  dot,
  euclidean: (a, b) => -Math.sqrt(sum(a, b, (x, y) => (x - y) ** 2)),
  manhattan: (a, b) => -sum(a, b, (x, y) => Math.abs(x - y)),
};

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return sum(a, b, (x, y) => x * y);
}

function sum(a: ArrayLike<number>, b: ArrayLike<number>, term: (x: number, y: number) => number): number {
  if (a.length !== b.length)
    throw new InputError(`Embeddings of ${a.length} and ${b.length} numbers cannot be compared.`);
  let total = 0;
  for (let i = 0; i < a.length; i++) total += term(a[i] as number, b[i] as number);
  return total;
}
