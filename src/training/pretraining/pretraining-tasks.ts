import { InputError } from "../../errors.ts";

/** Which tokens of a row are to be guessed. */
export type Masking = "mlm" | "whole-word" | "span" | "knowledge";
/** How two segments belong together. */
export type Pairing = "next-sentence" | "sentence-order";

/** What a step trains: one objective, or several at once on the same rows. */
export interface PretrainingTask {
  /** As it was asked for: "mlm+next-sentence". */
  readonly name: string;
  /** How often it has its turn, beside the others. */
  readonly weight: number;
  readonly masking: Masking | undefined;
  readonly pairing: Pairing | undefined;
  /** ELECTRA: a generator fills the masked places, and the model tells which tokens it replaced. */
  readonly isReplaced: boolean;
}

const MASKINGS: readonly Masking[] = ["mlm", "whole-word", "span", "knowledge"];
const PAIRINGS: readonly Pairing[] = ["next-sentence", "sentence-order"];
const REPLACED = "replaced-tokens";

/** The objectives that there are. */
export const OBJECTIVES: readonly string[] = [...MASKINGS, ...PAIRINGS, REPLACED];

/**
 * Reads objectives: those joined by "+" are trained in one step, of the others one has its turn at each step, drawn by the
 * weight after "=" (1 without it): ["mlm+next-sentence"], ["knowledge", "sentence-order=0.5"].
 *
 * @throws InputError for unknown ones, and those that do not go together.
 */
export function readObjectives(given: readonly string[]): PretrainingTask[] {
  if (given.length === 0) throw new InputError(`No objective is named; known: ${OBJECTIVES.join(", ")}.`);
  const tasks = given.map(readTask);
  if (tasks.some(({ isReplaced }) => isReplaced) && !tasks.every(({ isReplaced }) => isReplaced)) {
    throw new InputError(`"${REPLACED}" trains another head than the others; it cannot take turns with them.`);
  }
  return tasks;
}

function readTask(given: string): PretrainingTask {
  const [name = "", share = "1", ...rest] = given.split("=");
  const weight = Number(share);
  if (rest.length > 0 || share.trim() === "" || !(weight > 0 && Number.isFinite(weight))) {
    throw new InputError(`objective "${given}" has the weight "${share}"; expected a number above 0, as in "mlm=2".`);
  }
  const parts = name.split("+");
  const unknown = parts.find((part) => !OBJECTIVES.includes(part));
  if (unknown !== undefined) {
    throw new InputError(`objective is "${unknown}"; known: ${OBJECTIVES.join(", ")}.`);
  }
  const [masking, ...maskings] = MASKINGS.filter((each) => parts.includes(each));
  const [pairing, ...pairings] = PAIRINGS.filter((each) => parts.includes(each));
  const isReplaced = parts.includes(REPLACED);
  if (maskings.length + pairings.length > 0 || (isReplaced && pairing !== undefined)) {
    throw new InputError(`objective "${name}" joins what cannot be one step; take turns instead: ${parts.join(",")}.`);
  }
  return { name, weight, masking: masking ?? (isReplaced ? "mlm" : undefined), pairing, isReplaced };
}
