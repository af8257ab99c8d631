import type { CommandDefinition } from "./command-definition.ts";

export interface Verb {
  readonly name: string;
  /** One line of `cloze --help`. */
  readonly summary: string;
  /** Only the verb that is called is loaded, with all that it needs: starting quickly depends on it. */
  load(): Promise<CommandDefinition<never>>;
}
