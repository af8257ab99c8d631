/**
 * Sorts texts by labels that no model was trained on.
 *
 *     npx tsx examples/03-zero-shot.ts models/deberta-v3-base-zeroshot-v2.0
 */
import { ZeroShotClassifier } from "cloze";

const classifier = await ZeroShotClassifier.load(process.argv[2]);
const labels = ["billing", "delivery", "praise"];

const mails = ["Where is my parcel? It was due on Monday.", "You charged me twice.", "Thank you, I love it!"];
for (const [i, { label, score }] of (await classifier.classify(mails, labels)).entries()) {
  console.log(`${label.padEnd(10)} ${score.toFixed(3)}  ${mails[i]}`);
}

// Several labels may hold at once: then each is judged alone. The template is what the model is asked.
const { scores } = await classifier.classify("My parcel came late, and you charged me twice.", labels, {
  multiLabel: true,
  template: "This mail is about {}.",
});
console.log(scores);

await classifier.dispose();
