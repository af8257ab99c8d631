/** Compares numbers with recorded ones, pair by pair. */
export class NumberComparison {
  /** The largest |own - recorded|; NaN once one of the two was. */
  difference = 0;
  /** The largest |recorded|. */
  largest = 0;
  #dot = 0;
  #own = 0;
  #recorded = 0;

  add(own: number, recorded: number): void {
    const difference = Math.abs(own - recorded);
    if (Number.isNaN(difference) || difference > this.difference) this.difference = difference; // NaN stays
    this.largest = Math.max(this.largest, Math.abs(recorded));
    this.#dot += own * recorded;
    this.#own += own * own;
    this.#recorded += recorded * recorded;
  }

  /** Of all pairs; of zeros 1 with zeros and 0 with anything else. */
  get cosine(): number {
    const norms = Math.sqrt(this.#own * this.#recorded);
    return norms === 0 ? Number(this.#own === this.#recorded) : this.#dot / norms;
  }
}
