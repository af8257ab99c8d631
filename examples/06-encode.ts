/**
 * Looks inside an encoder: the vector of every token, and which token looks at which.
 *
 *     npx tsx examples/06-encode.ts
 */
import { Encoder } from "cloze";

const encoder = await Encoder.load(process.argv[2]); // all-MiniLM-L6-v2, if no other is named

const { tokens, hidden, attentions } = await encoder.encode("The bank of the river was steep.", { attentions: [-1] });
console.log(`${tokens.length} tokens, each ${hidden.shape[1]} numbers, after ${encoder.layerCount - 1} blocks`);

// Of the last block's first head: the word that each word looks at most, special tokens left out.
const { data } = attentions![0]!; // [heads, T, T]
const words = [...tokens.keys()].slice(1, -1);
for (const i of words) {
  const most = words.reduce((best, j) => (data[i * tokens.length + j]! > data[i * tokens.length + best]! ? j : best));
  console.log(`${tokens[i]!.padEnd(6)} -> ${tokens[most]}`);
}

await encoder.dispose();
