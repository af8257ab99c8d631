import type { ListedTensor } from "./safetensors.ts";
import type { StoredTensor } from "./stored-types.ts";

/** A file of weights as it is opened. */
interface OpenedFile {
  readonly name: string;
  readonly metadata: ReadonlyMap<string, string> | undefined;
  list(): ListedTensor[];
  has(name: string): boolean;
  tensor(name: string): StoredTensor;
}

/** A file of weights with other tensors in place of some of its own, under the same names. */
export class ChangedWeights implements OpenedFile {
  readonly name: string;
  readonly metadata: OpenedFile["metadata"];
  readonly #file: OpenedFile;
  readonly #changed: ReadonlyMap<string, StoredTensor>;

  constructor(file: OpenedFile, changed: ReadonlyMap<string, StoredTensor>) {
    this.name = file.name;
    this.metadata = file.metadata;
    this.#file = file;
    this.#changed = changed;
  }

  list(): ListedTensor[] {
    return this.#file.list().map((listed) => {
      const { name, type, shape } = this.#changed.get(listed.name) ?? listed;
      return { name, type, shape };
    });
  }

  has(name: string): boolean {
    return this.#file.has(name);
  }

  tensor(name: string): StoredTensor {
    return this.#changed.get(name) ?? this.#file.tensor(name);
  }
}
