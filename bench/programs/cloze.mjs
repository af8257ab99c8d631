/** Cloze's side: `node cloze.mjs '{"backend": "native", "threads": 2}'`, asked over its IPC channel. */
import { Embedder } from "cloze";
import { answerRequests } from "./answer-requests.mjs";

const options = JSON.parse(process.argv[2] ?? "{}");
let embedder;
await answerRequests({
  description: "cloze",
  first: async () => {
    embedder = await Embedder.load(undefined, options);
    await embedder.embed("first");
  },
  embed: (texts) => embedder.embed(texts),
});
