import { Argument } from "commander";
import type { CommandDefinition } from "../command-definition.ts";
import { bashCompletion } from "../completion/bash-completion.ts";
import { fishCompletion } from "../completion/fish-completion.ts";
import { verbShapes } from "../completion/verb-shape.ts";
import { zshCompletion } from "../completion/zsh-completion.ts";
import { writeText } from "../terminal.ts";
import type { Verb } from "../verb.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** @param verbs the table of all commands, which the scripts are made from */
export function completion(verbs: readonly Verb[]): CommandDefinition {
  return {
    declare(command) {
      command
        .description("Print a script that lets a shell complete commands, flags, their choices, and files.")
        .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(SHELLS)));
    },
    examples: [
      "cloze completion fish > ~/.config/fish/completions/cloze.fish",
      "echo 'source <(cloze completion bash)' >> ~/.bashrc",
      "echo 'source <(cloze completion zsh)' >> ~/.zshrc",
    ],
    async run({ positionals, terminal }) {
      const script = SHELLS[positionals[0] as keyof typeof SHELLS];
      await writeText(terminal.stdout, script(await verbShapes(verbs)));
      return undefined;
    },
  };
}
