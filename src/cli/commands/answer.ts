import { readFileSync, statSync } from "node:fs";
import { InputError } from "../../errors.ts";
import { pairResults } from "../../search/pair-results.ts";
import { Answerer, type AnsweringDetail } from "../../tasks/answerer.ts";
import type { Question } from "../../tasks/question-reader.ts";
import type { Call, CommandDefinition } from "../command-definition.ts";
import {
  addInputFlags,
  addNamedModelFlag,
  addOutputFlag,
  addReadingFlags,
  anyNumber,
  type CommonFlags,
  type InputFlags,
  type ModelFlags,
  type OutputFlags,
  positiveInteger,
  type ReadingFlags,
} from "../flags.ts";
import { readRows, readTexts } from "../input.ts";
import { withModel } from "../model.ts";
import { writeResults } from "../results.ts";
import { clip, hasStyles, onOneLine, type Terminal, visible } from "../terminal.ts";
import { TruncationNote } from "../truncation-note.ts";

interface AnswerFlags extends CommonFlags, ModelFlags, InputFlags, OutputFlags, ReadingFlags {
  readonly context?: string;
  readonly contextFile?: string;
  readonly top: number;
  readonly maxAnswer?: number;
  readonly unanswerable?: true;
  readonly threshold?: number;
}

type Answered = readonly [question: Question, result: AnsweringDetail];

/** Characters around an answer that people are shown. */
const AROUND = 30;

export const answer: CommandDefinition<AnswerFlags> = {
  declare(command) {
    command
      .description(
        "Find the ranges of a text that answer questions: { question, answers: [{ text, start, end, score }] } a question. " +
          "The text is --context or --context-file; without these, rows of --input have the fields or columns question and context.",
      )
      .argument("[question...]", "questions to answer");
    addNamedModelFlag(command);
    command
      .option("--context <text>", "the text that answers")
      .option("--context-file <file>", "the file that answers, all of it one text");
    addInputFlags(command);
    command
      .option("--top <n>", "answers to return, the best", positiveInteger, 1)
      .option("--max-answer <n>", "most tokens of an answer (default: 15)", positiveInteger)
      .option("--unanswerable", 'a text may hold no answer; then the answer is ""')
      .option("--threshold <n>", "with --unanswerable: how much surer of none than of the best, in logits", anyNumber);
    addReadingFlags(command, { truncation: "window", stride: "128, at most half a window" });
    addOutputFlag(command);
  },
  examples: [
    'cloze answer --model models/roberta-base-squad2 "Who wrote Faust?" --context "Faust is a play by Goethe."',
    'cloze answer --model models/roberta-base-squad2 "Who is Gretchen?" --context-file faust.txt --top 3',
    "cloze answer --model models/roberta-base-squad2 --unanswerable --input questions.jsonl --output answers.jsonl",
  ],
  async run(call) {
    const { flags, terminal, reporter } = call;
    const { top, truncation, stride, maxLength, maxAnswer, unanswerable, threshold } = flags;
    if (threshold !== undefined && !unanswerable) throw new InputError("--threshold is for --unanswerable.");
    const questions = readQuestions(call);
    await withModel(Answerer, call, { maxLength }, async (answerer) => {
      const options = {
        top,
        truncation,
        stride,
        maxAnswerTokens: maxAnswer,
        noAnswer: unanswerable,
        noAnswerThreshold: threshold,
        signal: terminal.signal,
        onProgress: reporter.progress,
        detail: true,
      } as const;
      const note = new TruncationNote();
      const results = note.watch(pairResults(questions, (questions) => answerer.answer(questions, options)));
      const forms = { json: toJson, text: (it: Answered) => toText(it, terminal) };
      await writeResults(results, forms, flags, terminal, reporter);
      note.say(reporter, answerer.maxLength);
    });
  },
};

/** Questions with the one context, or rows that have both. */
function readQuestions({ positionals, flags, terminal, reporter }: Call<AnswerFlags>): AsyncIterable<Question> {
  const context = readContext(flags);
  if (context !== undefined) return withContext(readTexts(positionals, flags, terminal, reporter), context);
  if (positionals.length > 0) {
    throw new InputError("No text is given to answer from. Pass --context TEXT or --context-file FILE.");
  }
  const names = flags.field ?? flags.column ?? ["question", "context"];
  if (names.length !== 2) {
    throw new InputError(
      `${names.length} of the fields or columns are named; name two, of the question and of its context, or pass --context.`,
    );
  }
  return pairs(readRows(flags, names, terminal, reporter));
}

function readContext({ context, contextFile }: AnswerFlags): string | undefined {
  if (contextFile === undefined) return context;
  if (context !== undefined) throw new InputError("--context and --context-file are both given. Keep one of them.");
  if (statSync(contextFile, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new InputError(`There is no file "${contextFile}" to answer from.`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(contextFile));
  } catch (cause) {
    throw new InputError(`"${contextFile}" is not valid UTF-8. Save the file as UTF-8.`, { cause });
  }
}

async function* withContext(questions: AsyncIterable<string>, context: string): AsyncGenerator<Question> {
  for await (const question of questions) yield { question, context };
}

async function* pairs(rows: AsyncIterable<readonly string[]>): AsyncGenerator<Question> {
  for await (const [question, context] of rows) {
    if (question === undefined || context === undefined) {
      throw new InputError(
        "Lines of text hold no contexts. Pass --context, or JSON Lines or CSV with question and context.",
      );
    }
    yield { question, context };
  }
}

function toJson([{ question }, { answers }]: Answered): object {
  return { question, answers };
}

/** The question, and below it each answer in bold among what stands around it. */
function toText([{ question, context }, { answers }]: Answered, terminal: Terminal): string {
  const bold = (text: string) => (hasStyles(terminal.stdout, terminal) ? `\u001b[1m${text}\u001b[22m` : `[${text}]`);
  const lines = answers.map(({ text, start, end, score }) => {
    const before = visible(context.slice(Math.max(0, start - AROUND), start)).trimStart();
    const after = visible(context.slice(end, end + AROUND)).trimEnd();
    const shown = text === "" ? "no answer" : `${before}${bold(onOneLine(text))}${after}`;
    return `  ${score.toFixed(4).padStart(8)}  ${shown}`;
  });
  return [clip(question, 76), ...lines].join("\n");
}
