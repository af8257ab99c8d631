/** Two texts that a model reads as one input, such as a premise and a hypothesis, or a question and a passage. */
export interface TextPair {
  readonly text: string;
  readonly pair: string;
}

/** A text, or two. */
export type TextInput = string | TextPair;

/** Whether a value is one text or pair, rather than several. */
export function isTextInput(value: unknown): value is TextInput {
  return typeof value === "string" || (typeof value === "object" && value !== null && "text" in value);
}

/** The text of an input, and its pair where it has one. */
export function textsOf(input: TextInput): [text: string, pair?: string] {
  return isTextInput(input) && typeof input !== "string" ? [input.text, input.pair] : [input as string];
}
