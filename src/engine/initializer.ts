/** How a parameter starts when there is no checkpoint: the architecture's own scheme. */
export type Initializer =
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "truncatedNormal"; readonly deviation: number }
  | { readonly kind: "constant"; readonly value: number }
  /** Row p: the sines of p * theta^(-2i / columns), then the cosines. */
  | { readonly kind: "sinusoids"; readonly theta: number };

/** Starts at 0, as a bias does. */
export const ZEROS: Initializer = { kind: "constant", value: 0 };
/** Starts at 1, as a norm's scale does. */
export const ONES: Initializer = { kind: "constant", value: 1 };

/** A table of positions that is not learned, as RoFormer's. */
export function sinusoids(theta: number): Initializer {
  return { kind: "sinusoids", theta };
}

/** Normal with mean 0, drawn again beyond twice `deviation`. */
export function truncatedNormal(deviation: number): Initializer {
  return { kind: "truncatedNormal", deviation };
}

/** Normal with mean 0; BERT's default deviation is 0.02 (`initializer_range`). */
export function normal(deviation: number): Initializer {
  return { kind: "normal", deviation };
}
