import { PieceTrie } from "../piece-trie.ts";
import { grown } from "./growing-arrays.ts";
import { LONGEST_TEXT, type ShortTexts } from "./short-texts.ts";

const NONE = -1;

/**
 * All ways to write texts with pieces: for each place, the pieces that stand there. Found once; pruning removes some.
 * Probabilities are multiplied as they are, without logarithms: texts are short (`LONGEST_TEXT`), and `probabilities` may
 * be scaled by the same factor for every unit, which all ways to write a text share.
 */
export class PieceLattice {
  private readonly texts: ShortTexts;
  /** By unit: how many pieces begin there. */
  private readonly pieceCounts: Uint8Array;
  /** Pieces and their lengths, by place and then by length. */
  private ids = new Int32Array(2 ** 14);
  private lengths = new Uint8Array(2 ** 14);
  private size = 0;
  private readonly forward = new Float64Array(LONGEST_TEXT + 1);
  private readonly backward = new Float64Array(LONGEST_TEXT + 1);
  private readonly lastPieces = new Int32Array(LONGEST_TEXT + 1);
  private readonly lastStarts = new Int32Array(LONGEST_TEXT + 1);

  constructor(texts: ShortTexts, pieces: PieceTrie) {
    this.texts = texts;
    this.pieceCounts = new Uint8Array(texts.length);
    const { units, starts } = texts;
    for (let text = 0; text < texts.size; text++) {
      const end = starts[text + 1]!;
      for (let at = starts[text]!; at < end; at++) {
        let node = pieces.child(PieceTrie.ROOT, units[at]!);
        for (let to = at + 1; node >= 0; to++) {
          const id = pieces.valueAt(node);
          if (id >= 0) this.push(at, id, to - at);
          node = to < end ? pieces.child(node, units[to]!) : NONE;
        }
      }
    }
  }

  /**
   * Adds to `expected`, by piece, how often it is expected to come under these probabilities.
   *
   * @returns the logarithm of the probability of all texts, each as often as its weight says (scaled as they are).
   */
  expect(probabilities: Float64Array, expected: Float64Array): number {
    const { texts, pieceCounts, ids, lengths, forward, backward } = this;
    let likelihood = 0;
    let edge = 0;
    for (let text = 0; text < texts.size; text++) {
      const start = texts.starts[text]!;
      const length = texts.starts[text + 1]! - start;
      forward.fill(0, 0, length + 1);
      forward[0] = 1;
      for (let at = 0; at < length; at++) {
        const here = forward[at]!;
        for (let left = pieceCounts[start + at]!; left > 0; left--, edge++) {
          forward[at + lengths[edge]!]! += here * probabilities[ids[edge]!]!;
        }
      }
      const share = texts.weights[text]! / forward[length]!;
      likelihood += texts.weights[text]! * Math.log(forward[length]!);
      backward[length] = 1;
      let back = edge;
      for (let at = length - 1; at >= 0; at--) {
        let sum = 0;
        for (let left = pieceCounts[start + at]!; left > 0; left--) {
          const id = ids[--back]!;
          const way = probabilities[id]! * backward[at + lengths[back]!]!;
          sum += way;
          expected[id]! += share * forward[at]! * way;
        }
        backward[at] = sum;
      }
    }
    return likelihood;
  }

  /**
   * The most probable way to write each text, by its pieces from the last to the first. `without` names a piece that may
   * not be used, by text.
   */
  eachBest(
    probabilities: Float64Array,
    visit: (text: number, pieces: Int32Array, count: number, probability: number) => void,
    without?: Int32Array,
  ): void {
    const { texts, pieceCounts, ids, lengths, forward, lastPieces, lastStarts } = this;
    const pieces = new Int32Array(LONGEST_TEXT);
    let edge = 0;
    for (let text = 0; text < texts.size; text++) {
      const start = texts.starts[text]!;
      const length = texts.starts[text + 1]! - start;
      const barred = without?.[text] ?? NONE;
      forward.fill(0, 0, length + 1);
      forward[0] = 1;
      for (let at = 0; at < length; at++) {
        const here = forward[at]!;
        for (let left = pieceCounts[start + at]!; left > 0; left--, edge++) {
          const id = ids[edge]!;
          const to = at + lengths[edge]!;
          const probability = here * probabilities[id]!;
          if (probability <= forward[to]! || id === barred) continue;
          forward[to] = probability;
          lastPieces[to] = id;
          lastStarts[to] = at;
        }
      }
      let count = 0;
      for (let to = length; to > 0; to = lastStarts[to]!) pieces[count++] = lastPieces[to]!;
      visit(text, pieces, count, forward[length]!);
    }
  }

  /** Renumbers pieces; those whose new number is -1 go. */
  renumber(numbers: Int32Array): void {
    let from = 0;
    let to = 0;
    for (let at = 0; at < this.pieceCounts.length; at++) {
      const first = to;
      for (let left = this.pieceCounts[at]!; left > 0; left--, from++) {
        const id = numbers[this.ids[from]!]!;
        if (id === NONE) continue;
        this.ids[to] = id;
        this.lengths[to++] = this.lengths[from]!;
      }
      this.pieceCounts[at] = to - first;
    }
    this.size = to;
  }

  private push(at: number, id: number, length: number): void {
    const edge = this.size++;
    this.ids = grown(this.ids, this.size);
    this.lengths = grown(this.lengths, this.size);
    this.ids[edge] = id;
    this.lengths[edge] = length;
    this.pieceCounts[at]!++;
  }
}
