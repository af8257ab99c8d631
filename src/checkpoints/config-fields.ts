/**
 * The kinds of keys that a configuration may have, for the tables that architectures declare with `defineConfig`. A value
 * that is none of what its field allows is an error, never the default: it would change the maths silently.
 */
import { ConfigError } from "../errors.ts";
import { isJsonObject, type JsonValue, nameOf } from "./json-files.ts";

/** One key of a configuration: under which names it stands, what it may be, and what it is when absent. */
export interface ConfigField<T> {
  /** Names, the current one first; a path such as "rope_parameters.rope_theta" reaches into objects. */
  readonly keys: readonly string[];
  /** When the key is absent or null. `REQUIRED`: that is an error. */
  readonly fallback: T | typeof REQUIRED;
  /** False: an unknown value falls back too, because nothing computed depends on it. */
  readonly changesMaths: boolean;
  /** The value, or what was expected instead. */
  parse(value: JsonValue): T | Refusal;
}

/** As a default: the key must be there. */
export const REQUIRED: unique symbol = Symbol("required");

/** Why a value is refused: what follows "config.json: hidden_size is 0; ". */
export class Refusal {
  readonly expected: string;
  constructor(expected: string) {
    this.expected = expected;
  }
}

/** A key, or its names in several generations of the format, the current one first. */
export type Key = string | readonly string[];

function field<T>(key: Key, fallback: T | typeof REQUIRED, parse: (value: JsonValue) => T | Refusal): ConfigField<T> {
  return { keys: typeof key === "string" ? [key] : key, fallback, changesMaths: true, parse };
}

/** No encoder has had more than 100; a typo of 10^9 would ask for memory until the machine gives up. */
const MOST_LAYERS = 2048;
/** Vocabularies reach 10^6; feed-forward sizes 10^5. */
const LARGEST_SIZE = 2 ** 26;

/** A width or a table's rows: 1 to 2^26. */
export function size(key: Key, fallback: number | typeof REQUIRED = REQUIRED): ConfigField<number> {
  return integer(key, fallback, 1, LARGEST_SIZE);
}

/** How many layers, heads or groups: 1 to 2048. */
export function count(key: Key, fallback: number | typeof REQUIRED = REQUIRED): ConfigField<number> {
  return integer(key, fallback, 1, MOST_LAYERS);
}

/** A whole number within bounds, both included. */
export function integer(
  key: Key,
  fallback: number | typeof REQUIRED,
  least: number,
  most: number,
): ConfigField<number> {
  return field(key, fallback, (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? (value as number)
      : new Refusal(`expected a whole number from ${least} to ${most}`),
  );
}

/** A number above 0: an epsilon, a rotary base. */
export function positive(key: Key, fallback: number | typeof REQUIRED = REQUIRED): ConfigField<number> {
  return field(key, fallback, (value) =>
    typeof value === "number" && value > 0 && Number.isFinite(value) ? value : new Refusal("expected a number above 0"),
  );
}

/** Any finite number. */
export function number(key: Key, fallback: number | typeof REQUIRED = REQUIRED): ConfigField<number> {
  return field(key, fallback, (value) =>
    typeof value === "number" && Number.isFinite(value) ? value : new Refusal("expected a number"),
  );
}

/** From 0 up to, not including, 1: a dropout. */
export function probability(key: Key, fallback: number | typeof REQUIRED = REQUIRED): ConfigField<number> {
  return field(key, fallback, (value) =>
    typeof value === "number" && value >= 0 && value < 1 ? value : new Refusal("expected a number from 0 to below 1"),
  );
}

/** true or false. */
export function flag(key: Key, fallback: boolean | typeof REQUIRED = REQUIRED): ConfigField<boolean> {
  return field(key, fallback, (value) => (typeof value === "boolean" ? value : new Refusal("expected true or false")));
}

/** Any string. */
export function text(key: Key, fallback: string | typeof REQUIRED = REQUIRED): ConfigField<string> {
  return field(key, fallback, (value) => (typeof value === "string" ? value : new Refusal("expected a string")));
}

/** One of the strings listed. */
export function choice<const T extends string>(
  key: Key,
  known: readonly T[],
  fallback: T | typeof REQUIRED = REQUIRED,
): ConfigField<T> {
  return field(key, fallback, (value) => known.find((name) => name === value) ?? new Refusal(listNames(known)));
}

/** As `choice`, where the file's names stand for others here: `{ gelu: "gelu", swish: "silu" }`. */
export function named<const T>(
  key: Key,
  known: { readonly [name: string]: T },
  fallback: NoInfer<T> | typeof REQUIRED = REQUIRED,
): ConfigField<T> {
  return field(key, fallback, (value) =>
    typeof value === "string" && Object.hasOwn(known, value)
      ? known[value]!
      : new Refusal(listNames(Object.keys(known))),
  );
}

/** A key that may only have this value, because nothing else is supported: `is_decoder: false`. */
export function only<const T extends string | number | boolean>(key: Key, value: T): ConfigField<T> {
  return field(key, value, (given) =>
    given === value ? value : new Refusal(`only ${JSON.stringify(value)} is supported`),
  );
}

/** A list, each member as `member` reads it. */
export function list<T>(
  key: Key,
  member: (key: string) => ConfigField<T>,
  fallback: readonly T[] | typeof REQUIRED = REQUIRED,
): ConfigField<readonly T[]> {
  const { parse } = member("member");
  return field(key, fallback, (value) => {
    if (!Array.isArray(value)) return new Refusal("expected a list");
    const members = value.map((item: JsonValue) => parse(item));
    const refused = members.find((item) => item instanceof Refusal);
    return refused instanceof Refusal ? new Refusal(`of each member: ${refused.expected}`) : (members as readonly T[]);
  });
}

/** As `list`, where one member may stand without a list. */
export function oneOrMore<T>(
  key: Key,
  member: (key: string) => ConfigField<T>,
  fallback: readonly T[] | typeof REQUIRED = REQUIRED,
): ConfigField<readonly T[]> {
  const inner = list(key, member, fallback);
  return { ...inner, parse: (value) => inner.parse(Array.isArray(value) ? value : [value]) };
}

/** A field that may be absent or null, which reads as undefined. */
export function optional<T>(inner: ConfigField<T>): ConfigField<T | undefined> {
  return { ...inner, fallback: undefined };
}

/** A field that changes no number here, so that an unknown value reads as its default. */
export function descriptive<T>(inner: ConfigField<T>): ConfigField<T> {
  return { ...inner, changesMaths: false };
}

/** The id of a special token, or undefined where the file gives none. */
export function tokenId(key: Key, fallback?: number): ConfigField<number | undefined> {
  return { ...integer(key, REQUIRED, 0, LARGEST_SIZE - 1), fallback };
}

/** Names of the classes by their number: `id2label`, whose keys are "0", "1", ... */
export function labels(key: Key): ConfigField<readonly string[] | undefined> {
  return field<readonly string[] | undefined>(key, undefined, (value) => {
    const expected = new Refusal('expected an object with a label for each of "0", "1", ...');
    if (!isJsonObject(value)) return expected;
    const names = Object.keys(value).map((_, id) => (Object.hasOwn(value, `${id}`) ? value[`${id}`] : undefined));
    // Some files number their labels without names: { "0": 0 }.
    if (!names.every((name) => typeof name === "string" || typeof name === "number")) return expected;
    return names.map(String);
  });
}

/** Reads one field from the values that stand under its names. */
export function readField<T>(
  { keys, fallback, changesMaths, parse }: ConfigField<T>,
  valueAt: (key: string) => JsonValue | undefined,
  file: string,
): T {
  const given = keys.filter((key) => (valueAt(key) ?? null) !== null);
  const key = given[0];
  if (key === undefined) {
    if (fallback === REQUIRED) throw new ConfigError(`${file}: ${keys[0]} is missing.`);
    return fallback;
  }
  const value = valueAt(key)!;
  const other = given.find((name) => JSON.stringify(valueAt(name)) !== JSON.stringify(value));
  if (other !== undefined && changesMaths) {
    throw new ConfigError(`${file}: ${key} is ${nameOf(value)} but ${other} is ${nameOf(valueAt(other))}. Keep one.`);
  }
  const parsed = parse(value);
  if (!(parsed instanceof Refusal)) return parsed;
  if (!changesMaths && fallback !== REQUIRED) return fallback;
  throw new ConfigError(`${file}: ${key} is ${nameOf(value)}; ${parsed.expected}.`);
}

function listNames(names: readonly string[]): string {
  return `known: ${names.map((name) => JSON.stringify(name)).join(", ")}`;
}
