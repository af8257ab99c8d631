/** Starts runs in order, at most `width` at a time. */
export class RunQueue {
  /** When each place becomes free. */
  readonly #places: Promise<void>[];
  #added = 0;
  #unfinished = 0;

  constructor(width: number) {
    this.#places = Array.from({ length: width }, () => Promise.resolve());
  }

  get isIdle(): boolean {
    return this.#unfinished === 0;
  }

  add<T>(run: () => Promise<T>): Promise<T> {
    const place = this.#added++ % this.#places.length;
    const result = (this.#places[place] as Promise<void>).then(run);
    const finish = () => {
      this.#unfinished--;
    };
    this.#unfinished++;
    this.#places[place] = result.then(finish, finish);
    return result;
  }
}
