/**
 * One side of the tokenizer bench: `node tokenize.mjs cloze|peer FOLDER`. Asked with texts over its IPC channel, it tells
 * the milliseconds that one thread took and the tokens that came out.
 */
import { createRequire } from "node:module";

const [side, folder] = process.argv.slice(2);
const encode = side === "cloze" ? await cloze(folder) : peer(folder);

process.on("message", (texts) => {
  let tokens = 0;
  const start = performance.now();
  for (const text of texts) tokens += encode(text).ids.length;
  process.send({ milliseconds: performance.now() - start, tokens });
});
process.send("ready");

async function cloze(folder) {
  const { Tokenizer } = await import("cloze/tokenizers");
  const tokenizer = await Tokenizer.load(folder);
  return (text) => tokenizer.encode(text);
}

function peer(folder) {
  const peers = createRequire(new URL("../peers/package.json", import.meta.url));
  const { Tokenizer } = peers("@huggingface/tokenizers");
  const tokenizer = new Tokenizer(peers(`${folder}/tokenizer.json`), {});
  return (text) => tokenizer.encode(text);
}
