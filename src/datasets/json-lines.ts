import { InputError } from "../errors.ts";
import { type Line, readLines } from "./lines.ts";

/**
 * The strings under `fields` of every object of a JSON Lines file, in that order. Blank lines are passed over.
 *
 * @param name what errors call the file
 * @throws InputError naming the line when it is no JSON object or a field is not a string.
 */
export async function* readJsonLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  fields: readonly string[],
): AsyncGenerator<string[]> {
  for await (const line of readLines(chunks, name)) {
    if (line.text.trim() === "") continue;
    const row = parseRow(line, name);
    yield fields.map((field) => {
      const value = Object.hasOwn(row, field) ? row[field] : undefined;
      if (typeof value === "string") return value;
      const names = Object.keys(row).join(", ") || "no fields";
      const found = value === undefined ? `it has ${names}` : `it is ${JSON.stringify(value)}`;
      throw new InputError(`${name}, line ${line.number}: expected a string in the field "${field}"; ${clip(found)}.`);
    });
  }
}

function parseRow({ text, number }: Line, name: string): { readonly [field: string]: unknown } {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${name}, line ${number} is not valid JSON; expected one object a line.`, { cause });
  }
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as { [field: string]: unknown };
  throw new InputError(`${name}, line ${number} is ${clip(text)}; expected an object.`);
}

function clip(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
