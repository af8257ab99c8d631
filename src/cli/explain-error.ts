import { CommanderError } from "commander";
import { BackendError, ClozeError, OverloadError } from "../errors.ts";

export interface Explanation {
  /** What failed, on one line. */
  readonly sentence: string;
  /** 1: ours, 2: the user's. */
  readonly exitCode: 1 | 2;
}

/** What the system says about files, in words; all of them are about something that the user named. */
const SYSTEM_ERRORS: { readonly [code: string]: string } = {
  ENOENT: "is not there",
  EACCES: "may not be read or written by you",
  EPERM: "may not be read or written by you",
  EROFS: "is on a disk that cannot be written to",
  EISDIR: "is a folder; expected a file",
  ENOTDIR: "is a file; expected a folder",
  ENAMETOOLONG: "has too long a name",
  ELOOP: "is a link that leads back to itself",
};

/** One sentence for any error, and whose fault it is. */
export function explainError(error: unknown): Explanation {
  if (error instanceof CommanderError) return { sentence: usageSentence(error.message), exitCode: 2 };
  if (error instanceof BackendError || error instanceof OverloadError) {
    return { sentence: oneLine(error.message), exitCode: 1 };
  }
  if (error instanceof ClozeError) return { sentence: oneLine(error.message), exitCode: 2 };
  const { code, path, message } = error as { code?: unknown; path?: unknown; message?: unknown };
  const system = typeof code === "string" && typeof path === "string" ? SYSTEM_ERRORS[code] : undefined;
  if (system !== undefined) return { sentence: `"${path}" ${system}.`, exitCode: 2 };
  if (code === "ENOSPC") return { sentence: "The disk is full.", exitCode: 1 };
  const what = oneLine(typeof message === "string" && message !== "" ? message : String(error));
  return { sentence: `${what} (This is a fault of Cloze; CLOZE_DEBUG=1 shows where.)`, exitCode: 1 };
}

/** Commander's message without its prefix, the suggestion on the same line: "unknown option '--modle', did you mean --model?" */
function usageSentence(message: string): string {
  return oneLine(message.replace(/^error: /, "").replace(/\s*\(Did you mean (.*)\?\)$/s, "; did you mean $1?"));
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
