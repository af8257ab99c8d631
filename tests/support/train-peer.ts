import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer as Peer } from "tokenizers";

/** What npm's `tokenizers` trained. */
export interface TrainedPeer {
  readonly seconds: number;
  readonly size: number;
  /** Tokens of texts, special ones not counted. */
  count(texts: readonly string[]): Promise<number>;
}

/**
 * Trains npm's `tokenizers` on a text, around the normalizer and pre-tokenizer of a tokenizer.json. Its trainers cannot be
 * given options from JavaScript: 30,000 tokens, no limits. That of byte-pair knows no suffix and that of unigram no unknown
 * token, so that only word-piece and byte-level do the same work.
 *
 * @param folder for files in between
 */
export async function trainPeer(tokenizerJson: string, text: string, folder: string): Promise<TrainedPeer> {
  const [corpus, saved] = [join(folder, "corpus.txt"), join(folder, "peer.json")];
  writeFileSync(corpus, text);
  const peer = Peer.fromString(emptied(tokenizerJson));
  const began = performance.now();
  peer.train([corpus]);
  const seconds = (performance.now() - began) / 1000;
  peer.save(saved);
  const complete = Peer.fromString(withUnknown(readFileSync(saved, "utf8")));
  for (const file of [corpus, saved]) rmSync(file);
  const count = async (texts: readonly string[]) => {
    const encodings = await Promise.all(texts.map((each) => complete.encode(each, null, { addSpecialTokens: false })));
    return encodings.reduce((sum, each) => sum + each.getLength(), 0);
  };
  return { seconds, size: peer.getVocabSize(false), count };
}

/** The same pipeline around a model that knows nothing yet. */
function emptied(text: string): string {
  const json = JSON.parse(text);
  const special: string[] = json.added_tokens.map(({ content }: { content: string }) => content);
  if (json.model.type === "Unigram") json.model.vocab = special.map((content) => [content, 0]);
  else json.model.vocab = Object.fromEntries(special.map((content, id) => [content, id]));
  if (json.model.merges !== undefined) json.model.merges = [];
  return JSON.stringify(json);
}

/** Its trainers forget the unknown token, without which unseen text is an error. */
function withUnknown(text: string): string {
  const json = JSON.parse(text);
  const { model } = json;
  if (model.type === "Unigram") model.unk_id = model.vocab.push(["<unk>", 0]) - 1;
  else if (model.unk_token) model.vocab[model.unk_token] ??= Object.keys(model.vocab).length;
  return JSON.stringify(json);
}
