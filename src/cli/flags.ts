import { type Command, InvalidArgumentError, Option } from "commander";
import { type Backend, type BackendName, DTYPES, type Dtype } from "../backends/backend.ts";

/** How every command tells things. */
export interface OutputForm {
  readonly json?: true;
  readonly quiet?: true;
}

/** Flags of every command. */
export interface CommonFlags extends OutputForm {
  /** One that is open where runs are timed (see profiled-run.ts). */
  readonly backend?: BackendName | Backend;
  readonly threads?: number;
}

/** Where texts come from, when they are not arguments. */
export interface InputFlags {
  readonly input?: string;
  readonly field?: readonly string[];
  readonly column?: readonly string[];
}

export interface OutputFlags {
  readonly output?: string;
  readonly resume?: true;
}

/** What is told of the time that runs take. */
export interface ProfileFlags {
  readonly profile?: true;
  readonly profileTrace?: string;
}

export interface ModelFlags {
  readonly model?: string;
  readonly dtype?: Dtype;
}

const BACKENDS: readonly BackendName[] = ["native", "wasm", "reference"];

export function addCommonFlags(command: Command): void {
  const options = [
    new Option("--json", "one JSON object a line, as in a pipe"),
    new Option("--backend <name>", "what computes").choices(BACKENDS),
    new Option("--threads <n>", "threads to compute with (default: physical cores)").argParser(positiveInteger),
    new Option("--quiet", "no notes and no progress on stderr"),
  ];
  // A command may have one of them in a form of its own.
  const isFree = ({ long }: Option) => command.options.every((option) => option.long !== long);
  for (const option of options.filter(isFree)) command.addOption(option);
}

export function addModelFlag(command: Command): void {
  command.option(
    "--model <where>",
    "a model's folder, or its id on the hub (default: all-MiniLM-L6-v2, where it is installed)",
  );
  addDtypeFlag(command);
  addProfileFlags(command);
}

/** Of commands for which there is no default model. */
export function addNamedModelFlag(command: Command): void {
  command.option("--model <where>", "a model's folder, or its id on the hub");
  addDtypeFlag(command);
  addProfileFlags(command);
}

export function addDtypeFlag(command: Command): void {
  command.addOption(new Option("--dtype <name>", "what weights are kept in (default: f32)").choices(DTYPES));
}

/** Of commands that run a model; `run` does the rest. */
export function addProfileFlags(command: Command): void {
  command
    .option("--profile", "say on stderr what each operation of the model takes")
    .option("--profile-trace <file>", "write each run to a file that chrome://tracing and ui.perfetto.dev show");
}

export function addInputFlags(command: Command): void {
  command
    .option("--input <file>", "read texts from a file, one a line (- for standard input)")
    .option("--field <name>", "the file is JSON Lines; take this field (default: text)", append)
    .option("--column <name>", "the file is CSV, or TSV by its name; take this column (default: text)", append);
}

/** How texts longer than the model reads are taken, and how much of them is read. */
export interface ReadingFlags {
  readonly truncation: "truncate" | "error" | "window";
  readonly maxLength?: number;
  readonly stride?: number;
}

/** What `--truncation` and `--stride` are unless they are given. */
export interface ReadingDefaults {
  readonly truncation: ReadingFlags["truncation"];
  /** In words. */
  readonly stride: string;
}

export function addReadingFlags(
  command: Command,
  { truncation, stride }: ReadingDefaults = { truncation: "truncate", stride: "0" },
): void {
  command
    .option("--max-length <n>", "tokens to read of a text (default: as the model says)", positiveInteger)
    .addOption(
      new Option("--truncation <what>", "what to do with longer texts")
        .choices(["truncate", "error", "window"])
        .default(truncation),
    )
    .option("--stride <n>", `tokens that neighbouring windows share (default: ${stride})`, wholeNumber);
}

/** As `ReadingFlags`, of commands that judge each token by what stands on both sides of it. */
export interface WholeTextFlags {
  readonly truncation: "window" | "error";
  readonly maxLength?: number;
}

export function addWholeTextFlags(command: Command): void {
  command
    .option("--max-length <n>", "tokens to read at once (default: as the model says)", positiveInteger)
    .addOption(
      new Option("--truncation <what>", "what to do with longer texts: read around each mask or token, or refuse")
        .choices(["window", "error"])
        .default("window"),
    );
}

export function addOutputFlag(command: Command): void {
  command.option("--output <file>", "write JSON Lines to a file, which appears when it is whole");
}

/** Of commands that write a line for each text, in order. */
export function addResumeFlag(command: Command): void {
  command.option("--resume", "keep finished lines in FILE.partial whatever happens, and go on after them");
}

/** A flag that may be given several times. */
export function append(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** As `append`, of a list with commas. */
export function appendList(value: string, previous: readonly string[] | undefined): readonly string[] {
  const parts = value.split(",").map((part) => part.trim());
  return [...(previous ?? []), ...parts.filter((part) => part !== "")];
}

export function positiveInteger(value: string): number {
  return integerFrom(1, value);
}

export function wholeNumber(value: string): number {
  return integerFrom(0, value);
}

export function anyNumber(value: string): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number)) throw new InvalidArgumentError("Expected a number.");
  return number;
}

export function positiveNumber(value: string): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number) || number <= 0) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return number;
}

export function fractionBelowOne(value: string): number {
  const number = Number(value);
  if (value.trim() === "" || !(number >= 0 && number < 1)) {
    throw new InvalidArgumentError("Expected a number from 0 to below 1.");
  }
  return number;
}

export function numberFromZero(value: string): number {
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number) || number < 0) {
    throw new InvalidArgumentError("Expected a number, 0 or more.");
  }
  return number;
}

function integerFrom(least: number, value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) {
    throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
  }
  return number;
}
