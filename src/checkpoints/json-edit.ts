/**
 * Changing keys of a JSON file and nothing else of its text: order, layout and the spelling of numbers stay. Parsing and
 * printing again would turn Python's 0.0 into 0, another type there.
 */
import type { JsonObject, JsonValue } from "./json-files.ts";

/** Replaces the values of top-level keys, and appends the keys that are new. `text` must be valid JSON, an object. */
export function editJson(text: string, changes: JsonObject): string {
  const members = findMembers(text);
  const indent = /\{\s*\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
  let edited = text;
  // From the end, so that earlier positions stay right.
  const added = Object.entries(changes).filter(([key]) => !members.some((member) => member.key === key));
  if (added.length > 0) {
    const lines = added.map(([key, value]) => `${indent}${JSON.stringify(key)}: ${print(value, indent)}`).join(",\n");
    const end = members.at(-1)?.end ?? text.indexOf("{") + 1;
    edited = `${edited.slice(0, end)}${members.length > 0 ? "," : ""}\n${lines}\n}${edited.slice(edited.lastIndexOf("}") + 1)}`;
  }
  for (const { key, start, end } of members.reverse()) {
    if (!Object.hasOwn(changes, key)) continue;
    edited = edited.slice(0, start) + print(changes[key]!, indent) + edited.slice(end);
  }
  return edited;
}

function print(value: JsonValue, indent: string): string {
  return JSON.stringify(value, null, indent).replaceAll("\n", `\n${indent}`);
}

interface Member {
  readonly key: string;
  /** Where the value begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** A string, or a character that is no space: the tokens of JSON, as far as nesting is concerned. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

function findMembers(text: string): Member[] {
  const members: Member[] = [];
  let depth = 0;
  let key: string | undefined;
  let start = -1;
  let end = 0;
  const finish = () => {
    if (key !== undefined) members.push({ key: JSON.parse(key) as string, start, end });
    key = undefined;
    start = -1;
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const isOuter = depth === 1;
    if (token === "}" || token === "]") depth--;
    if (depth === 0 || (isOuter && token === ",")) finish();
    else if (isOuter && key === undefined) key = token;
    else if (start === -1 && token !== ":") start = index;
    if (token === "{" || token === "[") depth++;
    end = index + token.length;
  }
  return members;
}
