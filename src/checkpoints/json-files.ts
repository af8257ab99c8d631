/** Strict reading of JSON files: valid UTF-8, one value, errors that name the file. */
import { baseName, openFile, pathKind } from "#platform";
import { ConfigError } from "../errors.ts";

/** Any value of a JSON file. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** An object of a JSON file. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Far above any configuration file; tokenizer files, which can be larger, have readers of their own. */
const LARGEST_BYTES = 32 * 2 ** 20;

/**
 * The object in a JSON file. A byte order mark is accepted: editors on Windows write one.
 *
 * @throws ConfigError naming the file when it is missing, larger than 32 MiB, not UTF-8, not JSON or not an object.
 */
export function readJsonObject(file: string): JsonObject {
  const value = readJson(file);
  if (!isJsonObject(value)) throw new ConfigError(`${baseName(file)} holds ${nameOf(value)}; expected an object.`);
  return value;
}

/** As `readJsonObject`; an empty object where there is no such file. */
export function readJsonIfThere(file: string): JsonObject {
  return pathKind(file) === "missing" ? {} : readJsonObject(file);
}

/** As `readJsonObject`, for any value. */
export function readJson(file: string): JsonValue {
  return parseJson(readJsonText(file), baseName(file));
}

/** The text of a JSON file, without a byte order mark. */
export function readJsonText(file: string): string {
  const name = baseName(file);
  const kind = pathKind(file);
  if (kind !== "file") {
    throw new ConfigError(
      `${name} ${kind === "missing" ? "is missing" : `is a ${kind}`}: expected a file at "${file}".`,
    );
  }
  const source = openFile(file);
  if (source.size > LARGEST_BYTES) throw new ConfigError(`${name} has ${source.size} bytes; at most 32 MiB are read.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(source.read(0, source.size));
  } catch (cause) {
    throw new ConfigError(`${name} is not valid UTF-8. Save it as UTF-8.`, { cause });
  }
}

/** As files of a model hold it: indented by two, with a line break at the end. */
export function printJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** One JSON value. `name` stands for it in errors. */
export function parseJson(text: string, name: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new ConfigError(`${name} is not valid JSON: ${(cause as Error).message}.`, { cause });
  }
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path such as "rope_parameters.rope_theta", or undefined. Inherited keys are never found. */
export function jsonAt(json: JsonObject, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = json;
  for (const key of path.split(".")) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** What a value is, for errors: its kind, or itself where that is short. */
export function nameOf(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}..."`;
}
