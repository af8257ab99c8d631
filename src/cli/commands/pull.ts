import { type Pulled, pullModel } from "../../checkpoints/hub/pull-model.ts";
import type { CommandDefinition } from "../command-definition.ts";
import type { CommonFlags } from "../flags.ts";
import { writeResults } from "../results.ts";

interface PullFlags extends CommonFlags {
  readonly revision?: string;
}

export const pull: CommandDefinition<PullFlags> = {
  declare(command) {
    command
      .description(
        "Fetch what models of the hub need (configuration, tokenizer, weights) into the cache that the Python library " +
          "uses as well. What is there is not fetched again, and what was interrupted is taken up. " +
          "A line: { id, revision, commit, folder, files, fetched }. " +
          "Environment: HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE.",
      )
      .argument("<id...>", "organization/name, with @revision behind it or not")
      .option("--revision <name>", "a branch, a tag or a commit (default: main)");
  },
  examples: [
    "cloze pull BAAI/bge-small-en-v1.5",
    "cloze pull sentence-transformers/all-MiniLM-L6-v2@main intfloat/e5-small-v2",
    "cloze pull BAAI/bge-small-en-v1.5 --json | jq -r .folder",
  ],
  async run({ positionals, flags, terminal, reporter }) {
    const { signal } = terminal;
    const pulls = async function* () {
      for (const id of positionals) {
        yield await pullModel(id, { revision: flags.revision, signal, onProgress: reporter.progress });
      }
    };
    await writeResults(pulls(), { json: (pulled) => pulled, text: showPulled }, flags, terminal, reporter);
    return undefined;
  },
};

function showPulled({ id, revision, commit, folder, files, fetched }: Pulled): string {
  const what = fetched === 0 ? "was there" : `${fetched.toLocaleString("en")} bytes fetched`;
  return `${id}@${revision} (${commit.slice(0, 7)}): ${files.length} files, ${what}\n${folder}`;
}
