/**
 * Answers questions from a text, or says that it does not.
 *
 *     npx tsx examples/09-answer.ts models/roberta-base-squad2
 */
import { Answerer } from "cloze";

const answerer = await Answerer.load(process.argv[2]);

const context = "A man in Zürich is playing the flute for two dogs. The woman, slicing an onion, ran quickly.";
const questions = ["Who is playing?", "What is the woman slicing?", "Who won the match?"];

const inputs = questions.map((question) => ({ question, context }));
for (const [i, { text, score }] of (await answerer.answer(inputs, { noAnswer: true })).entries()) {
  console.log(`${questions[i]} ${text === "" ? "The text does not say." : text} (${score.toFixed(3)})`);
}

await answerer.dispose();
