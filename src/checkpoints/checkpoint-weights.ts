/**
 * A checkpoint's tensors under their canonical names, whatever generation of the format they were saved in: found, audited
 * against what an architecture expects, and turned back into the file's own names and layout for saving.
 */
import { CheckpointError } from "../errors.ts";
import { GAMMA_AND_BETA, STRAY_BUFFERS, WRAPPERS } from "./name-generations.ts";
import { joinParts, type MappedTensor, mapTensor, matchesName, type NameGeneration, partOf } from "./name-mapping.ts";
import type { ListedTensor } from "./safetensors.ts";
import type { StoredTensor } from "./stored-types.ts";

/** What an architecture says about its names. Canonical names are those of a current checkpoint with a head. */
export interface NameScheme {
  /** What stands before the encoder's own names, such as "bert."; a checkpoint without heads is saved without it. */
  readonly prefix: string;
  /** Patterns of canonical names that belong to heads, the pooler among them: "cls.**", "bert.pooler.**". */
  readonly heads: readonly string[];
  /** Earlier generations of names, beyond those that every architecture knows. */
  readonly generations?: readonly NameGeneration[] | undefined;
  /** Copies that some files hold of another tensor: copy -> original. Either may be missing. */
  readonly tied?: { readonly [copy: string]: string } | undefined;
  /** Those of the copies that are read where a file holds both: in files that do not tie them, they differ. */
  readonly leadingCopies?: readonly string[] | undefined;
  /** Patterns of file names that hold nothing learned, beyond the usual stray buffers. */
  readonly buffers?: readonly string[] | undefined;
}

/** A parameter that an architecture expects. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** How a file's tensors and the expected ones fit. Missing and misshapen ones have canonical names, the others the file's. */
export interface WeightAudit {
  readonly used: readonly string[];
  /** Of heads that were not asked for; kept when saving. */
  readonly otherHeads: readonly string[];
  /** Stray buffers and copies of tied tensors; kept when saving. */
  readonly redundant: readonly string[];
  readonly unknown: readonly string[];
  readonly missing: readonly ExpectedTensor[];
  readonly misshapen: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly found: readonly number[];
  }[];
}

/** Where the tensors lie: one weight file or several. */
export interface TensorFiles {
  /** As errors name it. */
  readonly name: string;
  list(): readonly ListedTensor[];
  tensor(name: string): StoredTensor;
}

/** A checkpoint's tensors under the canonical names of an architecture. */
export class CheckpointWeights {
  readonly #files: TensorFiles;
  readonly #scheme: NameScheme;
  readonly #names: MappedNames;
  readonly #parts = new Map<string, { readonly mapped: MappedTensor; readonly part: number }>();

  constructor(files: TensorFiles, scheme: NameScheme) {
    this.#files = files;
    this.#scheme = scheme;
    this.#names = mapNames(files.list(), scheme, (name) => this.#isBuffer(name));
    for (const mapped of this.#names.mapped) {
      mapped.canonical.forEach((name, part) => {
        const other = this.#parts.get(name)?.mapped.name;
        if (other !== undefined) this.#fail(`"${other}" and "${mapped.name}" are both "${name}"; expected one of them`);
        this.#parts.set(name, { mapped, part });
      });
    }
  }

  /** Of everything in the files, stray buffers included; not of what a copy is read in place of. */
  canonicalNames(): string[] {
    return [...this.#parts.keys()].filter((name) => this.#leadingCopy(name) === undefined);
  }

  /** Whether the files hold a tensor, under any of its names. */
  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** @throws CheckpointError when the files do not hold it, under any name. */
  tensor(name: string): StoredTensor {
    const found = this.#find(name) ?? this.#fail(`1 weight missing: "${name}"`);
    const tensor = partOf(found.mapped, found.part, () => this.#files.tensor(found.mapped.name));
    return tensor.name === name ? tensor : { ...tensor, name };
  }

  /** Names in the files of the tensors that hold nothing but these, row by row, copies of tied ones too. */
  holding(names: Iterable<string>): string[] {
    const given = new Set(names);
    const isGiven = (name: string) => given.has(name) || given.has(this.#originalOf(name));
    const holding = this.#names.mapped.filter(({ axes, canonical }) => axes === undefined && canonical.every(isGiven));
    return holding.map(({ name }) => name);
  }

  /** Compares names and shapes; reads no numbers. */
  audit(expected: Iterable<ExpectedTensor>): WeightAudit {
    const used = new Set<MappedTensor>();
    const missing: ExpectedTensor[] = [];
    const misshapen: WeightAudit["misshapen"][number][] = [];
    for (const { name, shape } of expected) {
      const found = this.#find(name);
      if (found === undefined) {
        missing.push({ name, shape });
        continue;
      }
      used.add(found.mapped);
      const present = this.tensor(name).shape;
      if (present.join() !== shape.join()) misshapen.push({ name, shape, found: present });
    }
    const rest = this.#names.mapped.filter((mapped) => !used.has(mapped));
    const kindOf = (mapped: MappedTensor) => this.#kind(mapped);
    const namesOf = (kind: string) => rest.filter((mapped) => kindOf(mapped) === kind).map(({ name }) => name);
    return {
      used: [...used].map(({ name }) => name),
      otherHeads: namesOf("head"),
      redundant: namesOf("redundant"),
      unknown: namesOf("unknown"),
      missing,
      misshapen,
    };
  }

  /**
   * Audits, and refuses what does not fit in one error with the first ten of each kind.
   *
   * @param options.freshHeads weights of heads may be missing: `missing` then says which must be initialized. Default: false.
   * @throws CheckpointError
   */
  check(expected: Iterable<ExpectedTensor>, options: { readonly freshHeads?: boolean | undefined } = {}): WeightAudit {
    const audit = this.audit(expected);
    const lost = audit.missing.filter(({ name }) => !(options.freshHeads === true && this.#isHead(name)));
    const complaints = [
      complain(
        "missing",
        lost.map(({ name, shape }) => `"${name}" [${shape}]`),
      ),
      complain(
        "of another shape",
        audit.misshapen.map(({ name, shape, found }) => `"${name}" is [${found}], expected [${shape}]`),
      ),
      complain(
        "unknown",
        audit.unknown.map((name) => `"${name}"`),
      ),
    ].filter((complaint) => complaint !== "");
    if (complaints.length > 0) this.#fail(complaints.join("; "));
    return audit;
  }

  /**
   * The checkpoint's tensors as its files name and lay them out: those given replace their numbers, all others stay, heads
   * that were not opened included. Tensors that the files do not hold are added under canonical names; when they belong to
   * a head and the files lack the prefix, every name gets it, since only then can other tools tell the two apart.
   */
  inFileForm(values: Iterable<StoredTensor>): StoredTensor[] {
    const given = new Map([...values].map((tensor) => [tensor.name, tensor]));
    const written = new Set<string>();
    const tensors = this.#names.mapped.map((mapped) => {
      const replaced = mapped.canonical.map((name) => given.get(name) ?? given.get(this.#scheme.tied?.[name] ?? ""));
      for (const name of mapped.canonical) written.add(name);
      if (replaced.every((value) => value === undefined)) return this.#files.tensor(mapped.name);
      return joinParts(
        mapped,
        mapped.canonical.map((name, part) => replaced[part] ?? this.tensor(name)),
      );
    });
    const added = [...given.values()].filter(({ name }) => !written.has(name) && !written.has(this.#originalOf(name)));
    if (this.#names.hasPrefix) return [...tensors, ...added];
    return this.#withoutPrefix(tensors, added);
  }

  #withoutPrefix(tensors: readonly StoredTensor[], added: readonly StoredTensor[]): StoredTensor[] {
    const { prefix } = this.#scheme;
    const start = this.#names.wrapper.length;
    if (added.every(({ name }) => name.startsWith(prefix))) {
      return [...tensors, ...added.map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }))];
    }
    const renamed = tensors.map((tensor) => {
      const name = tensor.name.slice(start);
      return { ...tensor, name: this.#isHead(name) ? name : prefix + name };
    });
    return [...renamed, ...added];
  }

  #find(name: string) {
    const leading = this.#leadingCopy(name);
    if (leading !== undefined) return this.#parts.get(leading);
    const found = this.#parts.get(name) ?? this.#parts.get(this.#originalOf(name));
    if (found !== undefined) return found;
    const copies = Object.entries(this.#scheme.tied ?? {}).filter(([, original]) => original === name);
    return copies.map(([copy]) => this.#parts.get(copy)).find((part) => part !== undefined);
  }

  /** The copy that is read in place of a tensor. */
  #leadingCopy(name: string): string | undefined {
    const { tied = {}, leadingCopies = [] } = this.#scheme;
    return leadingCopies.find((copy) => tied[copy] === name && this.#parts.has(copy));
  }

  #originalOf(name: string): string {
    const { tied } = this.#scheme;
    return tied !== undefined && Object.hasOwn(tied, name) ? tied[name]! : name;
  }

  #kind({ name, canonical }: MappedTensor): "head" | "redundant" | "unknown" {
    if (this.#isBuffer(name) || canonical.every((part) => this.#isRedundant(part))) return "redundant";
    return canonical.every((part) => this.#isHead(part)) ? "head" : "unknown";
  }

  #isRedundant(name: string): boolean {
    return this.#originalOf(name) !== name || this.#leadingCopy(name) !== undefined;
  }

  #isHead(name: string): boolean {
    return this.#scheme.heads.some((pattern) => matchesName(pattern, name));
  }

  #isBuffer(name: string): boolean {
    return [...STRAY_BUFFERS, ...(this.#scheme.buffers ?? [])].some((pattern) => matchesName(pattern, name));
  }

  #fail(what: string): never {
    throw new CheckpointError(`Checkpoint "${this.#files.name}": ${what}.`);
  }
}

interface MappedNames {
  /** In the files' order. */
  readonly mapped: readonly MappedTensor[];
  /** What stood before every name. */
  readonly wrapper: string;
  /** Whether the encoder's names begin with the architecture's prefix, as those of a checkpoint with heads do. */
  readonly hasPrefix: boolean;
}

/** Wrappers off, generations applied, the prefix put where a checkpoint without heads lacks it. */
function mapNames(
  tensors: readonly ListedTensor[],
  scheme: NameScheme,
  isBuffer: (name: string) => boolean,
): MappedNames {
  const generations = [GAMMA_AND_BETA, ...(scheme.generations ?? [])];
  const wrapper = findWrapper(tensors, scheme.prefix);
  const mapped = tensors.map((tensor) => {
    const inner = mapTensor({ ...tensor, name: tensor.name.slice(wrapper.length) }, generations);
    return { ...inner, name: tensor.name };
  });
  const hasPrefix = mapped.some(({ canonical }) => canonical.some((name) => name.startsWith(scheme.prefix)));
  if (hasPrefix) return { mapped, wrapper, hasPrefix };
  const isHead = (name: string) => scheme.heads.some((pattern) => matchesName(pattern, name));
  const addPrefix = (name: string) => (isHead(name) || isBuffer(name) ? name : scheme.prefix + name);
  const prefixed = mapped.map((tensor) => ({ ...tensor, canonical: tensor.canonical.map(addPrefix) }));
  return { mapped: prefixed, wrapper, hasPrefix };
}

/** All wrappers that stand before every name, outermost first; the architecture's own prefix is none. */
function findWrapper(tensors: readonly ListedTensor[], prefix: string): string {
  let wrapper = "";
  for (;;) {
    const found = WRAPPERS.find(
      (next) => next !== prefix && tensors.length > 0 && tensors.every(({ name }) => name.startsWith(wrapper + next)),
    );
    if (found === undefined) return wrapper;
    wrapper += found;
  }
}

/** "2 weights missing: a, b"; the first ten, and how many more. */
function complain(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return `${names.length} weight${names.length === 1 ? "" : "s"} ${what}: ${names.slice(0, 10).join(", ")}${more}`;
}
