import type { FlagShape, ValueKind, VerbShape } from "./verb-shape.ts";

/** A script for zsh: to be sourced, or kept as `_cloze` in a folder of $fpath. */
export function zshCompletion(verbs: readonly VerbShape[]): string {
  const commands = verbs.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = verbs.map(({ name, flags, positional }) => {
    const rest = `'*: :${action(positional.kind, positional.words)}'`;
    return `    ${name}) _arguments ${[...flags.map(flagSpec), rest].join(" ")} ;;`;
  });
  return `#compdef cloze
# Completion of cloze for zsh: source <(cloze completion zsh)
_cloze() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    _arguments '--help[show how to use a command]' '--version[print the version]'
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${cases.join("\n")}
    help) _describe command commands ;;
  esac
}
if [[ $funcstack[1] == _cloze ]]; then _cloze "$@"; else compdef _cloze cloze; fi
`;
}

function flagSpec({ name, description, value }: FlagShape): string {
  const told = description.replace(/[[\]\\:]/g, "\\$&");
  const taken = value === undefined ? "" : `: :${action(value.kind, value.words)}`;
  return quoted(`*${name}[${told}]${taken}`);
}

function action(kind: ValueKind, words: readonly string[]): string {
  return { words: `(${words.join(" ")})`, files: "_files", folders: "_files -/", nothing: "" }[kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
