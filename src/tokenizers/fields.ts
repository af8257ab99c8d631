import { TokenizerError } from "../errors.ts";
import { describeValue } from "./describe-value.ts";

/** A JSON object being read, strictly: each value is checked for its type, and errors name file and key. */
export class Fields {
  /** File, and key within it: `tokenizer.json: model`. */
  readonly origin: string;
  private readonly values: Record<string, unknown>;

  /** @throws TokenizerError when `value` is no object. */
  constructor(value: unknown, origin: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new TokenizerError(`${origin} is ${describeValue(value)}; expected an object.`);
    }
    this.origin = origin;
    this.values = value as Record<string, unknown>;
  }

  /** The error for a value that cannot be used. */
  error(key: string, problem: string): TokenizerError {
    return new TokenizerError(`${this.nameOf(key)} ${problem}`);
  }

  /** The value as it stands; undefined where it is missing or null. */
  value(key: string): unknown {
    const value = Object.hasOwn(this.values, key) ? this.values[key] : undefined;
    return value === null ? undefined : value;
  }

  string(key: string, fallback?: string): string {
    return this.typed(key, "a string", (value) => typeof value === "string", fallback);
  }

  boolean(key: string, fallback?: boolean): boolean {
    return this.typed(key, "true or false", (value) => typeof value === "boolean", fallback);
  }

  /** An integer from 0 up. */
  count(key: string, fallback?: number): number {
    return this.typed(
      key,
      "an integer of 0 or more",
      (value) => Number.isSafeInteger(value) && Number(value) >= 0,
      fallback,
    );
  }

  number(key: string, fallback?: number): number {
    return this.typed(key, "a number", (value) => typeof value === "number", fallback);
  }

  list(key: string, fallback?: unknown[]): unknown[] {
    return this.typed(key, "a list", Array.isArray, fallback);
  }

  /** One of a few strings, looked up in a table. */
  choice<T>(key: string, known: Record<string, T>, fallback?: string): T {
    const name = this.string(key, fallback);
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known).map((name) => JSON.stringify(name));
      throw this.error(key, `is ${JSON.stringify(name)}; known: ${names.join(", ")}.`);
    }
    return known[name]!;
  }

  /** The object at `key`; undefined where it is missing or null. */
  optionalObject(key: string): Fields | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : new Fields(value, this.nameOf(key));
  }

  object(key: string): Fields {
    return new Fields(this.value(key), this.nameOf(key));
  }

  /** The objects of a list. */
  objects(key: string, fallback?: unknown[]): Fields[] {
    return this.list(key, fallback).map((value, i) => new Fields(value, `${this.nameOf(key)}[${i}]`));
  }

  /** What is being read, to be passed on as JSON. */
  toJSON(): unknown {
    return this.values;
  }

  keys(): string[] {
    return Object.keys(this.values);
  }

  private typed<T>(key: string, expected: string, isValid: (value: unknown) => boolean, fallback?: T): T {
    const value = this.value(key);
    if (value === undefined && fallback !== undefined) return fallback;
    if (!isValid(value)) throw this.error(key, `is ${describeValue(value)}; expected ${expected}.`);
    return value as T;
  }

  private nameOf(key: string): string {
    return this.origin.includes(": ") ? `${this.origin}.${key}` : `${this.origin}: ${key}`;
  }
}
