/** How a parameter starts when there is no checkpoint: the architecture's own scheme. */
export type Initializer =
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "truncatedNormal"; readonly deviation: number }
  | { readonly kind: "constant"; readonly value: number };

export const ZEROS: Initializer = { kind: "constant", value: 0 };
export const ONES: Initializer = { kind: "constant", value: 1 };

/** Normal with mean 0; BERT's default deviation is 0.02 (`initializer_range`). */
export function normal(deviation: number): Initializer {
  return { kind: "normal", deviation };
}
