/**
 * Sorts reviews by the labels that a model was trained on: texts and pairs, with a score for every label.
 *
 *     npx tsx examples/02-classify.ts models/distilbert-base-uncased-finetuned-sst-2-english
 */
import { Classifier } from "cloze";

const classifier = await Classifier.load(process.argv[2]);

const reviews = ["A film without a single dull minute.", "I left before the end.", "It is what it is."];
for (const [i, { label, score }] of (await classifier.classify(reviews)).entries()) {
  console.log(`${label.padEnd(10)} ${score.toFixed(3)}  ${reviews[i]}`);
}

// A text longer than the model reads is cut, and the result says so, unless all of it is to be read, in windows.
const long = "The first half drags. ".repeat(200);
const cut = await classifier.classify(long, { detail: true });
const whole = await classifier.classify(long, { truncation: "window", detail: true });
console.log(`cut: ${cut.tokens} tokens, ${cut.droppedCharacters} characters dropped; whole: ${whole.tokens} tokens`);

// Two texts that are judged together, such as a premise and what may follow from it.
const { scores } = await classifier.classify({ text: "It rains.", pair: "The street is wet." });
console.log(scores);

await classifier.dispose();
