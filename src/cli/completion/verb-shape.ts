import { Command, type Option } from "commander";
import { addCommonFlags } from "../flags.ts";
import type { Verb } from "../verb.ts";

/** What a shell can offer for a value: words, names of files or folders, or nothing. */
export type ValueKind = "words" | "files" | "folders" | "nothing";

/** A flag, as completion scripts need it. */
export interface FlagShape {
  /** With its dashes. */
  readonly name: string;
  readonly description: string;
  /** Undefined for flags that stand alone. */
  readonly value: { readonly kind: ValueKind; readonly words: readonly string[] } | undefined;
}

/** A command, as completion scripts need it. */
export interface VerbShape {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagShape[];
  /** What its arguments are. */
  readonly positional: { readonly kind: ValueKind; readonly words: readonly string[] };
}

/** By the name between the brackets of a flag or an argument. */
const KINDS: { readonly [placeholder: string]: ValueKind } = {
  file: "files",
  path: "files",
  where: "folders",
  model: "folders",
  folder: "folders",
};

/** What the table of commands says of each, flags and all. */
export async function verbShapes(verbs: readonly Verb[]): Promise<VerbShape[]> {
  return Promise.all(
    verbs.map(async ({ name, summary, load }) => {
      const command = new Command(name);
      (await load()).declare(command);
      addCommonFlags(command);
      const help: FlagShape = { name: "--help", description: "show this", value: undefined };
      return { name, summary, flags: [...command.options.map(flagShape), help], positional: positionalOf(command) };
    }),
  );
}

function flagShape(option: Option): FlagShape {
  const takesValue = option.required || option.optional;
  const words = option.argChoices ?? [];
  const placeholder = /[<[]([\w-]+)/.exec(option.flags)?.[1] ?? "";
  const kind = words.length > 0 ? "words" : (KINDS[placeholder] ?? "nothing");
  return {
    name: option.long ?? option.flags,
    description: option.description,
    value: takesValue ? { kind, words } : undefined,
  };
}

/** Of several kinds of arguments the one that a shell can help with. */
function positionalOf(command: Command): VerbShape["positional"] {
  for (const argument of command.registeredArguments) {
    const words = argument.argChoices ?? [];
    const kind = words.length > 0 ? "words" : (KINDS[argument.name()] ?? "nothing");
    if (kind !== "nothing") return { kind, words };
  }
  return { kind: "nothing", words: [] };
}
