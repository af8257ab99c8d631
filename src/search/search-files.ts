import type { Embedder } from "../tasks/embedder.ts";
import type { OnProgress } from "../tasks/progress.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { cutLongLines } from "./long-lines.ts";
import { pairResults } from "./pair-results.ts";
import { type MeasureText, type Passage, splitPassages } from "./passages.ts";
import { splitSentences } from "./sentences.ts";
import { readTextFiles, type TextFile, type TextFileOptions } from "./text-files.ts";
import type { TextRange } from "./text-range.ts";

/** A passage that was found. */
export interface FileHit extends Passage {
  readonly file: string;
  /** How alike passage and query are, by the model's own measure. */
  readonly score: number;
  readonly text: string;
  /** The sentence of `text` that is most like the query; undefined unless it was asked for. */
  readonly best: TextRange | undefined;
}

export interface SearchFilesOptions extends TextFileOptions {
  /** Passages to return. Default: 5. */
  readonly top?: number | undefined;
  /** Whether to look for the best sentence of each passage. Default: false. */
  readonly findsBest?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

interface FilePassage extends Passage {
  readonly file: string;
  readonly text: string;
}

/** The most characters of a line that are read; see `cutLongLines`. */
const LONGEST_LINE = 100_000;

/**
 * Finds the passages of text files that answer a query, best first; equal scores in the order of the files. Files are
 * read one at a time and only the best passages are held.
 *
 * @throws InputError when a path is not there or cannot be read.
 */
export async function searchFiles(
  embedder: Embedder,
  query: string,
  paths: readonly string[],
  options: SearchFilesOptions,
): Promise<FileHit[]> {
  const { top = 5, signal, onProgress } = options;
  const asked = await embedder.embed(query, { prompt: "query", detail: true, signal });
  if (asked.truncated) options.onNote(`the query was cut to ${asked.tokens} tokens, all that the model reads.`);
  const wanted = asked.embedding;
  const { tokens: aroundText } = await embedder.embed("", { prompt: "document", detail: true, signal });
  const maxTokens = Math.max(1, embedder.maxLength - aroundText);
  const passages = filePassages(readTextFiles(paths, options), embedder.tokenizer, maxTokens, options);
  const embed = (batch: AsyncIterable<FilePassage>) =>
    embedder.embed(textsOf(batch), { prompt: "document", signal, onProgress });
  const best: (FilePassage & { score: number })[] = [];
  for await (const [passage, embedding] of pairResults(passages, embed)) {
    const score = embedder.similarity(wanted, embedding);
    if (best.length === top && !(score > best[top - 1]!.score)) continue;
    const at = best.findIndex((other) => score > other.score);
    best.splice(at === -1 ? best.length : at, 0, { ...passage, score });
    best.length = Math.min(best.length, top);
  }
  const findsBest = options.findsBest === true;
  return Promise.all(
    best.map(async (hit) => ({
      ...hit,
      best: findsBest ? await bestSentence(embedder, wanted, hit.text, signal) : undefined,
    })),
  );
}

function* filePassages(
  files: Iterable<TextFile>,
  tokenizer: Tokenizer,
  maxTokens: number,
  { onNote }: TextFileOptions,
): Generator<FilePassage> {
  const measure = measureWith(tokenizer);
  for (const { file, text } of files) {
    const { ranges, cutLines } = cutLongLines(text, LONGEST_LINE);
    if (cutLines.length > 0) {
      const lines = cutLines.length === 1 ? `line ${cutLines[0]} is` : `${cutLines.length} lines are`;
      onNote(`${file}: ${lines} longer than ${LONGEST_LINE.toLocaleString("en")} characters; the rest was not read.`);
    }
    for (const passage of splitPassages(text, measure, { maxTokens, ranges })) {
      yield { ...passage, file, text: text.slice(passage.start, passage.end) };
    }
  }
}

function measureWith(tokenizer: Tokenizer): MeasureText {
  return (text, most) => {
    const encoding = tokenizer.encode(text, { maxLength: most, addSpecialTokens: false });
    const fits = !encoding.truncated;
    return { tokens: encoding.ids.length, fits, end: fits ? text.length : (encoding.offsets.at(-1)?.[1] ?? 0) };
  };
}

async function* textsOf(passages: AsyncIterable<FilePassage>): AsyncGenerator<string> {
  for await (const { text } of passages) yield text;
}

/** The sentence of a passage that is most like the query. */
async function bestSentence(
  embedder: Embedder,
  wanted: Float32Array,
  text: string,
  signal: AbortSignal | undefined,
): Promise<TextRange | undefined> {
  const sentences = splitSentences(text);
  if (sentences.length < 2) return sentences[0];
  const texts = sentences.map(({ start, end }) => text.slice(start, end));
  const embeddings = await embedder.embed(texts, { prompt: "document", signal });
  const scores = embeddings.map((embedding) => embedder.similarity(wanted, embedding));
  return sentences[scores.indexOf(Math.max(...scores))];
}
