import { InputError } from "../errors.ts";
import { readLines } from "./lines.ts";
import { type BadRowOptions, reportBadRow, type SourceRow } from "./source-row.ts";

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
  for await (const row of readJsonRows(chunks, name)) yield fields.map((field) => stringIn(row, field));
}

/**
 * Every object of a JSON Lines file. Blank lines are passed over.
 *
 * @param name what errors call the file
 * @throws InputError naming the line when it is no JSON object.
 */
export async function* readJsonRows(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  options: BadRowOptions = {},
): AsyncGenerator<SourceRow> {
  for await (const line of readLines(chunks, name, options)) {
    if (line.text.trim() === "") continue;
    const where = `${name}, line ${line.number}`;
    const values = parseRow(line.text, where);
    if (values instanceof InputError) reportBadRow(values, options);
    else yield { values, where };
  }
}

function stringIn({ values, where }: SourceRow, field: string): string {
  const value = Object.hasOwn(values, field) ? values[field] : undefined;
  if (typeof value === "string") return value;
  const names = Object.keys(values).join(", ") || "no fields";
  const found = value === undefined ? `it has ${names}` : `it is ${JSON.stringify(value)}`;
  throw new InputError(`${where}: expected a string in the field "${field}"; ${clip(found)}.`);
}

function parseRow(text: string, where: string): SourceRow["values"] | InputError {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch (cause) {
    return new InputError(`${where} is not valid JSON; expected one object a line.`, { cause });
  }
  if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as SourceRow["values"];
  return new InputError(`${where} is ${clip(text)}; expected an object.`);
}

function clip(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
