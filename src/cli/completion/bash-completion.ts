import type { ValueKind, VerbShape } from "./verb-shape.ts";

/** A script for bash, 3.2 and later. */
export function bashCompletion(verbs: readonly VerbShape[]): string {
  const names = verbs.map(({ name }) => name);
  const flagsWithValues = verbs.flatMap((verb) => verb.flags.flatMap((flag) => (flag.value ? [{ verb, flag }] : [])));
  const values = flagsWithValues.map(({ verb, flag }) => {
    const { kind, words } = flag.value as { kind: ValueKind; words: readonly string[] };
    return `    "${verb.name} ${flag.name}") ${offer(kind, words)}; return ;;`;
  });
  const flags = verbs.map(
    ({ name, flags }) => `      ${name}) _cloze_words "${flags.map((it) => it.name).join(" ")}" ;;`,
  );
  const positionals = verbs
    .filter(({ positional }) => positional.kind !== "nothing")
    .map(({ name, positional }) => `    ${name}) ${offer(positional.kind, positional.words)} ;;`);
  return `# Completion of cloze for bash: source <(cloze completion bash)
_cloze_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$current"))
}
_cloze_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$current"))
}
_cloze() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" verb="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [[ $current == "=" ]]; then current=""
  elif [[ $previous == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  if ((COMP_CWORD == 1)); then
    _cloze_words "${[...names, "help", "--help", "--version"].join(" ")}"
    return
  fi
  case "$verb $previous" in
${values.join("\n")}
  esac
  if [[ $current == -* ]]; then
    case "$verb" in
${flags.join("\n")}
    esac
    return
  fi
  case "$verb" in
${positionals.join("\n")}
    help) _cloze_words "${names.join(" ")}" ;;
  esac
}
complete -F _cloze cloze
`;
}

function offer(kind: ValueKind, words: readonly string[]): string {
  if (kind === "words") return `_cloze_words "${words.join(" ")}"`;
  if (kind === "nothing") return ":";
  return `_cloze_paths ${kind === "files" ? "-f" : "-d"}`;
}
