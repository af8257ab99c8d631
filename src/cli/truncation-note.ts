import type { ReadingDetail } from "../tasks/read-input.ts";
import type { Reporter } from "./reporter.ts";

/** Counts the texts that were longer than the model reads, to say so once at the end. */
export class TruncationNote {
  #texts = 0;
  #first = 0;
  #seen = 0;
  #droppedCharacters = 0;

  see({ truncated, droppedCharacters }: Pick<ReadingDetail, "truncated" | "droppedCharacters">): void {
    this.#seen++;
    if (!truncated) return;
    this.#texts++;
    this.#droppedCharacters += droppedCharacters;
    if (this.#first === 0) this.#first = this.#seen;
  }

  /** Passes inputs on with their results, and sees each. */
  async *watch<Input, Result extends ReadingDetail>(
    results: AsyncIterable<[input: Input, result: Result]>,
  ): AsyncGenerator<[input: Input, result: Result]> {
    for await (const pair of results) {
      this.see(pair[1]);
      yield pair;
    }
  }

  say(reporter: Reporter, maxLength: number): void {
    if (this.#texts === 0) return;
    const dropped = `${this.#droppedCharacters.toLocaleString("en")} characters were not read`;
    const only = this.#texts === 1 ? `text ${this.#first}` : `the first is text ${this.#first}`;
    const [who, where] =
      this.#seen === 1
        ? ["the text was", ""]
        : [`${this.#texts} of ${this.#seen} texts ${this.#texts === 1 ? "was" : "were"}`, ` (${only})`];
    reporter.note(`${who} cut to ${maxLength} tokens${where}; ${dropped}.`);
  }
}
