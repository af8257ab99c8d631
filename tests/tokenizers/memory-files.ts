import type { TokenizerFiles } from "../../src/tokenizers/tokenizer-files.ts";

/** Files that a test makes up. */
export function memoryFiles(files: Record<string, string | Uint8Array>): TokenizerFiles {
  const encoder = new TextEncoder();
  return {
    name: "made-up folder",
    read(file) {
      const content = files[file];
      return typeof content === "string" ? encoder.encode(content) : content;
    },
  };
}
