/**
 * Finds names and places, and counts them.
 *
 *     npx tsx examples/08-tag.ts models/bert-base-NER
 */
import { Tagger } from "cloze";

const tagger = await Tagger.load(process.argv[2]);
console.log(`labels: ${tagger.labels.join(", ")} (${tagger.scheme})`);

const texts = ["Ada Lovelace was born in London.", "A man in Zürich is playing the flute.", "London is large."];

const counts = new Map<string, number>();
for (const [i, entities] of (await tagger.tag(texts)).entries()) {
  for (const { label, text, start, end, score } of entities) {
    console.log(`text ${i}, ${start}-${end}: ${label} "${text}", ${score.toFixed(3)}`);
    counts.set(`${label} ${text}`, (counts.get(`${label} ${text}`) ?? 0) + 1);
  }
}
console.log(Object.fromEntries(counts));

await tagger.dispose();
