/** A stream that a command writes to: the process's own, or one that a test reads. */
export interface TerminalOutput {
  readonly isTTY?: boolean | undefined;
  /** Width in characters, on a terminal. */
  readonly columns?: number | undefined;
  write(text: string, done?: (error?: Error | null) => void): boolean;
}

/** Everything around a command: where it reads and writes, and what interrupts it. */
export interface Terminal {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: TerminalOutput;
  readonly stderr: TerminalOutput;
  readonly environment: { readonly [name: string]: string | undefined };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Writes and waits until the stream has taken it, so that a slow reader slows the work down. */
export function writeText(output: TerminalOutput, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Whether the reader of a pipe has gone, as `head` does when it has enough. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}

/** Whether colours and bold may be used. Convention: https://no-color.org */
export function hasStyles(output: TerminalOutput, { environment }: Terminal): boolean {
  return output.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/**
 * A text that is safe to show: control characters, with which a text could move the cursor or rename the window, become
 * visible, and white space becomes single spaces.
 */
export function onOneLine(text: string): string {
  return visible(text).trim();
}

/** As `onOneLine`, of a part of a text: spaces at its ends stay. */
export function visible(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** The beginning of a text, on one line of at most `width` characters. */
export function clip(text: string, width: number): string {
  const line = onOneLine(text.slice(0, 4 * width + 64));
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join("")}…`;
}
