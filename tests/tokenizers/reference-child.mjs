// Runs the reference tokenizers (npm `tokenizers`) for `reference.ts`, in a process of their own: they abort it on some
// inputs. Reads one JSON line { tokenizer, texts }, writes one JSON line a text: [ids, offsets, words].
import { readFileSync } from "node:fs";
import { Tokenizer } from "tokenizers";

const { tokenizer: description, texts } = JSON.parse(readFileSync(0, "utf8"));
const tokenizer = Tokenizer.fromString(JSON.stringify(description));
const lines = [];
for (let i = 0; i < texts.length; i += 1000) {
  for (const encoding of await tokenizer.encodeBatch(texts.slice(i, i + 1000))) {
    lines.push(
      JSON.stringify([encoding.getIds(), encoding.getOffsets(), encoding.getWordIds().map((word) => word ?? null)]),
    );
  }
}
process.stdout.write(lines.join("\n"));
