/** Rows of extractive question answering: `question`, `context`, `answers`, `id`. */
import { InputError } from "../errors.ts";
import { readJsonRows } from "./json-lines.ts";
import { type BadRowOptions, reportBadRow, type SourceRow } from "./source-row.ts";

/** A gold answer, `start` in UTF-16 units of the context. */
export interface GoldAnswer {
  readonly text: string;
  readonly start: number;
}

/** SQuAD's own training file has 40 MB, and JSON is read as a whole. */
const LARGEST_JSON_BYTES = 256 * 2 ** 20;

/**
 * The questions of a SQuAD file (1.1 or 2.0), each with its paragraph; `answers` is empty where there is none.
 *
 * @param name what errors call the file
 * @throws InputError when the file is not of that form, is over 256 MiB, or an answer does not stand where it says.
 */
export async function* readSquad(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  name: string,
  options: BadRowOptions = {},
): AsyncGenerator<SourceRow> {
  const { data } = (await readJson(chunks, name)) as { readonly data?: readonly SquadArticle[] };
  if (!Array.isArray(data)) throw new InputError(`${name} is not of SQuAD's form: expected an object with "data".`);
  for (const { title, paragraphs } of data as readonly SquadArticle[]) {
    for (const { context, qas } of paragraphs ?? []) {
      for (const { id, question, answers = [] } of qas ?? []) {
        const where = `${name}, question ${id}`;
        const spans = answers.map(({ text, answer_start: start }) => ({ text, start }));
        yield* answerRow({ id, title, question, context, answers: spans }, where, options);
      }
    }
  }
}

interface SquadArticle {
  readonly title?: string;
  readonly paragraphs?: readonly {
    readonly context: string;
    readonly qas?: readonly {
      readonly id: string;
      readonly question: string;
      readonly answers?: readonly { readonly text: string; readonly answer_start: number }[];
    }[];
  }[];
}

/**
 * The questions of a pair of JSON Lines files: paragraphs (`id`, `title`, `context`), and questions that name theirs
 * (`id`, `paragraph`, `question`, `answers`). The paragraphs are held in memory.
 *
 * @param names what errors call the two files
 * @throws InputError when a question names a paragraph that is not there, or as `readSquad`.
 */
export async function* readQuestions(
  paragraphs: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  questions: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  names: { readonly paragraphs: string; readonly questions: string },
  options: BadRowOptions = {},
): AsyncGenerator<SourceRow> {
  const contexts = new Map<unknown, { readonly title: unknown; readonly context: unknown }>();
  for await (const { values } of readJsonRows(paragraphs, names.paragraphs, options)) {
    contexts.set(values.id, { title: values.title, context: values.context });
  }
  for await (const { values, where } of readJsonRows(questions, names.questions, options)) {
    const paragraph = contexts.get(values.paragraph);
    if (paragraph === undefined) {
      const message = `${where} asks of paragraph ${JSON.stringify(values.paragraph)}, which is not in ${names.paragraphs}.`;
      reportBadRow(new InputError(message), options);
      continue;
    }
    yield* answerRow({ ...values, ...paragraph }, where, options);
  }
}

/** The row with its answers' places checked and in UTF-16 units. Both forms count characters, as Python does. */
function* answerRow(values: SourceRow["values"], where: string, options: BadRowOptions): Generator<SourceRow> {
  const { context, answers } = values as { readonly context: string; readonly answers?: readonly GoldAnswer[] };
  if (typeof context !== "string" || !Array.isArray(answers ?? [])) {
    reportBadRow(new InputError(`${where}: expected a text in "context" and a list in "answers".`), options);
    return;
  }
  const placed = (answers ?? []).map(({ text, start }) => ({ text, start: toUtf16(context, start) }));
  const wrong = placed.find(({ text, start }) => !context.startsWith(text, start));
  if (wrong === undefined) yield { values: { ...values, answers: placed }, where };
  else {
    const found = context.slice(wrong.start, wrong.start + wrong.text.length);
    const message = `${where}: the answer "${wrong.text}" does not stand at its start; there stands "${found}".`;
    reportBadRow(new InputError(message), options);
  }
}

/** A place in characters as one in UTF-16 units. */
function toUtf16(text: string, characters: number): number {
  let place = 0;
  for (let i = 0; i < characters && place < text.length; i++) place += text.codePointAt(place)! > 0xffff ? 2 : 1;
  return place;
}

async function readJson(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, name: string): Promise<object> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, bytes] = ["", 0];
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > LARGEST_JSON_BYTES) throw new InputError(`${name} is larger than 256 MiB. Use JSON Lines.`);
      text += decoder.decode(chunk, { stream: true });
    }
    const value: unknown = JSON.parse(text + decoder.decode());
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`${name} is not valid JSON: ${cause instanceof Error ? cause.message : cause}.`, { cause });
  }
  throw new InputError(`${name} holds a bare value; expected an object.`);
}
