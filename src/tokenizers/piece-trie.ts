import { PairMap } from "./pair-map.ts";

/** A set of strings, walked down one UTF-16 unit at a time. */
export class PieceTrie {
  /** The root; also what `value` returns where no string ends. */
  static readonly ROOT = 0;
  private readonly children: PairMap;
  private values = new Int32Array(1024).fill(-1);
  private nodes = 1;

  /** `expected`: about how many nodes are to come. */
  constructor(expected = 0) {
    this.children = new PairMap(expected);
  }

  /** A string that is there already gets the new value. */
  add(text: string, value: number): void {
    let node = PieceTrie.ROOT;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      let child = this.children.get(node, unit);
      if (child < 0) {
        child = this.newNode();
        this.children.set(node, unit, child);
      }
      node = child;
    }
    this.values[node] = value;
  }

  /** The node below `node` for a unit, or -1. */
  child(node: number, unit: number): number {
    return this.children.get(node, unit);
  }

  /** The value of the string that ends at `node`, or -1. */
  valueAt(node: number): number {
    return this.values[node]!;
  }

  private newNode(): number {
    if (this.nodes === this.values.length) {
      const larger = new Int32Array(this.nodes * 2).fill(-1);
      larger.set(this.values);
      this.values = larger;
    }
    return this.nodes++;
  }
}
