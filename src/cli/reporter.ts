import type { Progress } from "../tasks/progress.ts";
import type { Terminal } from "./terminal.ts";

const BAR_WIDTH = 24;
/** Milliseconds between two drawings. */
const REDRAW_AFTER = 100;
/** Below this, in milliseconds, nothing is drawn: short work needs no bar. */
const QUIET_AT_FIRST = 300;

export interface ReporterOptions {
  /** Neither notes nor progress. */
  readonly quiet?: boolean | undefined;
}

/**
 * What a command says on stderr besides its results: notes, and a progress bar with rate and time left. The bar is drawn
 * on terminals only, on one line that is wiped before anything else is written there.
 */
export class Reporter {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  readonly #hasBar: boolean;
  readonly #began = performance.now();
  #drawn = 0;
  #isShown = false;
  /** How much of the input has been read, 0 to 1, where only its size in bytes is known. */
  fraction: (() => number | undefined) | undefined;

  constructor(terminal: Terminal, options: ReporterOptions = {}) {
    this.#terminal = terminal;
    this.#isQuiet = options.quiet === true;
    this.#hasBar = !this.#isQuiet && terminal.stderr.isTTY === true && terminal.environment.TERM !== "dumb";
  }

  /** One sentence that the user should know and need not act on. */
  note(sentence: string): void {
    if (this.#isQuiet) return;
    this.clear();
    this.#terminal.stderr.write(`note: ${sentence}\n`);
  }

  /** For `onProgress` of long calls. */
  readonly progress = (progress: Progress): void => {
    const now = performance.now();
    if (!this.#hasBar || now - this.#began < QUIET_AT_FIRST || now - this.#drawn < REDRAW_AFTER) return;
    this.#drawn = now;
    this.#isShown = true;
    const width = this.#terminal.stderr.columns || 80;
    this.#terminal.stderr.write(`\r\u001b[2K${progressLine(progress, this.fraction?.()).slice(0, width - 1)}`);
  };

  /** Wipes the bar. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#terminal.stderr.write("\r\u001b[2K");
  }
}

/** "embed  ██████░░░░░░  50 %  1,024 of 2,048 texts  512/s  2 s left" */
export function progressLine(progress: Progress, readFraction?: number): string {
  const { phase, done, total, unit, perSecond, detail } = progress;
  const fraction = total === undefined ? readFraction : total === 0 ? 1 : done / total;
  const count = `${done.toLocaleString("en")}${total === undefined ? "" : ` of ${total.toLocaleString("en")}`} ${unit}`;
  const rate = `${perSecond >= 10 ? Math.round(perSecond).toLocaleString("en") : perSecond.toFixed(1)}/s`;
  const details = detail === undefined ? [] : [detail];
  if (fraction === undefined) return [phase, count, rate, ...details].join("  ");
  const filled = Math.round(Math.min(1, fraction) * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const seconds = fraction > 0 && perSecond > 0 ? (done / perSecond) * (1 / fraction - 1) : undefined;
  const left = seconds === undefined ? [] : [`${duration(seconds)} left`];
  return [phase, bar, `${Math.floor(fraction * 100)} %`, count, rate, ...left, ...details].join("  ");
}

/** "8 s", "2 min 05 s", "1 h 20 min" */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const two = (number: number) => String(number).padStart(2, "0");
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
