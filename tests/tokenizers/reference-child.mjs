// Runs the reference tokenizers (npm `tokenizers`) for `reference.ts`, in a process of their own: they abort it on some
// inputs. Reads { tokenizer, encode, decode } as JSON, writes the results as JSON lines: first those of `encode`, each
// [ids, offsets, words, typeIds, special], then those of `decode`.
import { readFileSync } from "node:fs";
import { Tokenizer } from "tokenizers";

const { tokenizer: description, encode = [], decode = [] } = JSON.parse(readFileSync(0, "utf8"));
const tokenizer = Tokenizer.fromString(JSON.stringify(description));
const lines = [];
for (const { text, pair, addSpecialTokens } of encode) {
  const encoding = await tokenizer.encode(text, pair ?? null, { addSpecialTokens });
  const words = encoding.getWordIds().map((word) => word ?? null);
  const [types, special] = [encoding.getTypeIds(), encoding.getSpecialTokensMask()];
  lines.push(JSON.stringify([encoding.getIds(), encoding.getOffsets(), words, types, special]));
}
for (const { ids, skipSpecial } of decode) lines.push(JSON.stringify(await tokenizer.decode(ids, skipSpecial)));
process.stdout.write(lines.join("\n"));
