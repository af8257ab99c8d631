import type { ValueKind, VerbShape } from "./verb-shape.ts";

/** A script for fish. */
export function fishCompletion(verbs: readonly VerbShape[]): string {
  const lines = verbs.flatMap(({ name, summary, flags, positional }) => {
    const after = `complete -c cloze -n '__fish_seen_subcommand_from ${name}'`;
    const offered = offer(positional.kind, positional.words);
    return [
      `complete -c cloze -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...(positional.kind === "nothing" ? [] : [`${after} ${offered}`]),
      ...flags.map(({ name: flag, description, value }) => {
        const taken =
          value === undefined ? "" : ` ${value.kind === "files" ? "-r" : "-x"} ${offer(value.kind, value.words)}`;
        return `${after} -l ${flag.slice(2)}${taken.trimEnd()} -d ${quoted(description)}`;
      }),
    ];
  });
  return `# Completion of cloze for fish: cloze completion fish | source
complete -c cloze -f
${lines.join("\n")}
complete -c cloze -n __fish_use_subcommand -a help -d 'show how to use a command'
complete -c cloze -n '__fish_seen_subcommand_from help' -a ${quoted(verbs.map(({ name }) => name).join(" "))}
`;
}

function offer(kind: ValueKind, words: readonly string[]): string {
  return {
    words: `-a ${quoted(words.join(" "))}`,
    files: "-F",
    folders: "-a '(__fish_complete_directories)'",
    nothing: "",
  }[kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
