/**
 * Asks a masked language model which words fit, and which of two sentences is likelier.
 *
 *     npx tsx examples/07-fill.ts models/bert-base-uncased
 *
 * Without a folder it runs a model of a few hundred words that lies beside it.
 */
import { MaskFiller } from "cloze";

const filler = await MaskFiller.load(process.argv[2] ?? "examples/models/words");
const mask = filler.maskToken;

const [fillings = []] = await filler.fill(`The film was good, great and ${mask}.`, { wholeWords: true });
for (const { token, score } of fillings) console.log(`${score.toFixed(4)}  ${token}`);

// Several masks, filled so that the words fit each other.
const [first = []] = await filler.fill(`${mask} lives in ${mask}.`, { joint: true, top: 3 });
for (const { text, score } of first) console.log(`${score.toExponential(2)}  ${text}`);

// Only some words are in question.
const [choice = []] = await filler.fill(`The plot was ${mask}.`, { targets: ["good", "bad"] });
console.log(choice.map(({ token, score }) => `${token} ${score.toFixed(4)}`).join(", "));

// How likely a text is: the sum over its tokens, each given all others.
for (const text of ["Anna lives in Paris.", "Anna lives in good."]) {
  const { score, tokens } = await filler.score(text);
  const [oddest] = tokens.toSorted((a, b) => a.logProbability - b.logProbability);
  console.log(`${score.toFixed(2)}  ${text}  (least likely: ${oddest?.text})`);
}

await filler.dispose();
