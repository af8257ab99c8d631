import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { InputError } from "../../errors.ts";

/** What a run writes down at a step. Nothing of it depends on time or machine, so that a resumed run's log is the same. */
export interface MetricLine {
  readonly step: number;
  readonly [metric: string]: number | string | null;
}

/** `metrics.jsonl`, appended to. */
export class MetricLog {
  readonly #file: string;
  readonly #descriptor: number;
  #bytes: number;

  /**
   * Opens the log to go on after its first `keepBytes` bytes, as a checkpoint noted them; what came later is computed
   * again.
   *
   * @throws InputError when the file is shorter than that.
   */
  constructor(file: string, keepBytes: number) {
    const size = existsSync(file) ? statSync(file).size : 0;
    if (size < keepBytes) {
      throw new InputError(
        `"${file}" has ${size} bytes; the checkpoint was written after ${keepBytes}. It was changed.`,
      );
    }
    this.#file = file;
    this.#descriptor = openSync(file, existsSync(file) ? "r+" : "w+");
    ftruncateSync(this.#descriptor, keepBytes);
    this.#bytes = keepBytes;
  }

  /** Bytes so far, which a checkpoint notes. */
  get bytes(): number {
    return this.#bytes;
  }

  append(line: MetricLine): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#bytes + done);
    }
    this.#bytes += bytes.length;
  }

  /** To disk, before a checkpoint that counts on it. */
  sync(): void {
    fsyncSync(this.#descriptor);
  }

  read(): MetricLine[] {
    return readMetricLog(this.#file);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The lines of a log. One that a crash cut in the middle, which can only be the last, is left out. */
export function readMetricLog(file: string): MetricLine[] {
  const lines = readFileSync(file, "utf8").split("\n");
  lines.pop(); // after the last line's end, or a line without one
  return lines.map((line) => JSON.parse(line) as MetricLine);
}
