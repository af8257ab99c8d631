/**
 * Turns texts into weights of words (SPLADE), which an inverted index can search.
 *
 *     npx tsx examples/05-sparse-embed.ts models/splade-v3
 */
import { SparseEmbedder } from "cloze";

const embedder = await SparseEmbedder.load(process.argv[2]);

const [query, ...passages] = await embedder.embed([
  "how do bees make honey?",
  "Bees carry nectar to the hive and let its water evaporate.",
  "The train leaves at nine.",
]);
for (const { token, weight } of query!.slice(0, 5)) console.log(`${weight.toFixed(2)}  ${token}`);
for (const passage of passages) console.log(embedder.similarity(query!, passage).toFixed(3));

await embedder.dispose();
