import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LETTER_VOCABULARY } from "./letter-vocabulary.ts";
import { sharedPath } from "./shared.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A model of the goldens in a folder of its own, with keys of its `config.json` changed; undefined takes one away. */
export function copiedFolder(path: string, config: { readonly [key: string]: unknown } = {}): string {
  const folder = temporaryFolder();
  cpSync(sharedPath("goldens", path), folder, { recursive: true });
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...config }));
  return folder;
}

/** A recorded model ("bert/a/choice") with a tokenizer for lower-case English letters. */
export function folderWithWords(model: string, config: { readonly [key: string]: unknown } = {}): string {
  const folder = copiedFolder(`models/${model}`, config);
  writeFileSync(join(folder, "vocab.txt"), LETTER_VOCABULARY.join("\n"));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ tokenizer_class: "BertTokenizer" }));
  return folder;
}
