import { type Command, InvalidArgumentError, Option } from "commander";
import type { DataFormat } from "../datasets/data-file.ts";

/** How rows of data files are read. */
export interface DataFlags {
  readonly columns?: { readonly [role: string]: string };
  readonly format?: DataFormat;
  readonly skipBadRows?: true;
}

const FORMATS: readonly DataFormat[] = ["json-lines", "csv", "tsv", "parquet", "conll", "conllu", "squad", "lines"];

export function addDataFlags(command: Command): void {
  command
    .option("--columns <role=name,...>", "columns by role, as in text=review,label=stars", appendColumns)
    .addOption(new Option("--format <name>", "how files are written (default: as their names say)").choices(FORMATS))
    .option("--skip-bad-rows", "pass over rows that cannot be read, and count them");
}

function appendColumns(value: string, previous: DataFlags["columns"]): DataFlags["columns"] {
  const pairs = value.split(",").map((pair) => {
    const [role = "", ...rest] = pair.split("=");
    const name = rest.join("=");
    if (role.trim() === "" || name === "") throw new InvalidArgumentError("Expected ROLE=COLUMN, as in text=review.");
    return [role.trim(), name] as const;
  });
  return { ...previous, ...Object.fromEntries(pairs) };
}
