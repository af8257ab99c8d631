/**
 * Trains a tokenizer on files of your own and compares how many tokens it needs with characters.
 *
 *     npx tsx examples/10-train-tokenizer.ts README.md docs/datasets.md
 */
import { trainTokenizer } from "cloze";

const files = process.argv.length > 2 ? process.argv.slice(2) : ["README.md", "ARCHITECTURE.md"];

const { tokenizer, texts, words } = await trainTokenizer(files, {
  kind: "word-piece",
  vocabularySize: 1200,
  lowercase: true,
  output: "build/my-tokenizer", // tokenizer.json and tokenizer_config.json
});
console.log(`${tokenizer.size} tokens from ${texts} lines with ${words} different words`);

const text = "The tokenizer of a checkpoint cuts texts into tokens.";
const { tokens } = tokenizer.encode(text, { addSpecialTokens: false });
console.log(`${text.length} characters, ${tokens.length} tokens: ${tokens.join(" ")}`);
