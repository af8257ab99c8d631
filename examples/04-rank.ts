/**
 * Sorts the passages that a search found by how well they answer.
 *
 *     npx tsx examples/04-rank.ts models/ms-marco-MiniLM-L6-v2
 */
import { Reranker } from "cloze";

const reranker = await Reranker.load(process.argv[2]);

const query = "how do bees make honey?";
const passages = [
  "Honey is sold by weight.",
  "Bees carry nectar to the hive, pass it on and let its water evaporate until it is honey.",
  "Bees see ultraviolet light.",
];

for (const { index, score, text } of await reranker.rank(query, passages, { top: 2 })) {
  console.log(`${score.toFixed(3)}  passage ${index}: ${text}`);
}

await reranker.dispose();
