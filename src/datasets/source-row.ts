import type { InputError } from "../errors.ts";

/** A row as its file has it: values by the names of their columns. */
export interface SourceRow {
  readonly values: { readonly [column: string]: unknown };
  /** Where it stands, as errors say it: "train.jsonl, line 7". */
  readonly where: string;
}

export interface BadRowOptions {
  /**
   * Called for a row that cannot be read, which is then passed over. Default: the error is thrown. A file that cannot be
   * read on (a quote that is never closed, a broken gzip stream) is thrown all the same.
   */
  readonly onBadRow?: ((error: InputError) => void) | undefined;
}

/** Passes a bad row's error on, or throws it where nobody wants it. */
export function reportBadRow(error: InputError, { onBadRow }: BadRowOptions): void {
  if (onBadRow === undefined) throw error;
  onBadRow(error);
}

/** `"a", "b"`, for the names in an error. */
export function quoted(names: Iterable<string>): string {
  return [...names].map((name) => `"${name}"`).join(", ");
}
