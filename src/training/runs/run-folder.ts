import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeTextFile } from "#platform";
import { printJson, readJsonObject } from "../../checkpoints/json-files.ts";
import { InputError } from "../../errors.ts";
import { MetricLog } from "./metric-log.ts";
import { RunCheckpoints, type RunState } from "./run-checkpoints.ts";
import { RunLock } from "./run-lock.ts";

/** A file that a run reads. */
export interface RunData {
  readonly file: string;
  readonly sha256: string;
}

/** Everything that decides what a run computes; `config.json` of its folder. */
export interface RunConfig {
  readonly command: "pretrain" | "fine-tune";
  /** Options with their defaults filled in: plain JSON, seeds among them. */
  readonly options: { readonly [name: string]: unknown };
  readonly data: readonly RunData[];
}

export interface RunFolderOptions {
  /** Go on with the run that the folder holds; without one, start. Default: false. */
  readonly resume?: boolean | undefined;
  /** How many checkpoints stay on disk. Default: 2. */
  readonly keepCheckpoints?: number | undefined;
}

/**
 * The folder of a training run: `config.json`, `metrics.jsonl`, `checkpoints/`, later `model/` and `report.html`. It is
 * locked while it is open.
 */
export class RunFolder {
  readonly path: string;
  readonly config: RunConfig;
  readonly checkpoints: RunCheckpoints;
  readonly log: MetricLog;
  /** Where to go on; undefined at the start. */
  readonly state: RunState | undefined;
  /** Checkpoints that were found torn and passed over. */
  readonly torn: readonly string[];
  readonly #lock: RunLock;

  /**
   * @throws InputError when another process writes to the folder, when it holds a run and `resume` is not given, when it
   *   holds a run of other options or data than `config`, naming what differs, or something else than a run.
   */
  constructor(path: string, config: RunConfig, options: RunFolderOptions = {}) {
    mkdirSync(path, { recursive: true });
    this.path = path;
    this.config = config;
    this.#lock = RunLock.take(path);
    try {
      const checkpoints = new RunCheckpoints(join(path, "checkpoints"), options.keepCheckpoints ?? 2);
      const { state, torn } = checkpoints.readNewest();
      const log = join(path, "metrics.jsonl");
      // A run that failed before its first step has left nothing that another could spoil.
      const hasBegun =
        state !== undefined || torn.length > 0 || (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0;
      const written = readRunConfig(path);
      if (written !== undefined && written.command === undefined) {
        throw new InputError(`"${path}" holds a config.json of something else. Pass another output folder.`);
      }
      const earlier = hasBegun ? written : undefined;
      if (earlier !== undefined && !options.resume) {
        throw new InputError(
          `"${path}" holds a run already. Pass --resume to go on with it, or another output folder.`,
        );
      }
      if (earlier !== undefined) requireSame(earlier, config, path);
      else writeTextFile(join(path, "config.json"), printJson(config));
      this.checkpoints = checkpoints;
      this.state = state;
      this.torn = torn;
      this.log = new MetricLog(log, state?.metricBytes ?? 0);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** Writes a checkpoint after the metrics that belong to it. */
  checkpoint(state: Omit<RunState, "metricBytes">): void {
    this.log.sync();
    this.checkpoints.write({ ...state, metricBytes: this.log.bytes });
  }

  close(): void {
    this.log.close();
    this.#lock.release();
  }
}

/** The `config.json` of a run, or undefined where there is none. */
export function readRunConfig(path: string): RunConfig | undefined {
  const file = join(path, "config.json");
  return existsSync(file) ? (readJsonObject(file) as unknown as RunConfig) : undefined;
}

function requireSame(earlier: RunConfig, config: RunConfig, path: string): void {
  const refuse = (what: string, was: unknown, is: unknown): never => {
    const [expected, got] = [JSON.stringify(was), JSON.stringify(is)];
    throw new InputError(
      `The run in "${path}" was started with ${what} ${expected}; now it is ${got}. Resume with the same, or start another run.`,
    );
  };
  if (earlier.command !== config.command) refuse("the command", earlier.command, config.command);
  for (const name of new Set([...Object.keys(earlier.options), ...Object.keys(config.options)])) {
    const [was, is] = [earlier.options[name], config.options[name]];
    if (JSON.stringify(was) !== JSON.stringify(is)) refuse(name, was, is);
  }
  for (const { file, sha256 } of earlier.data) {
    const now = config.data.find((data) => data.file === file);
    if (now === undefined) refuse("the data file", file, undefined);
    else if (now.sha256 !== sha256) {
      throw new InputError(
        `"${file}" has changed since the run in "${path}" read it. Restore it, or start another run.`,
      );
    }
  }
}
