/** As the Lowercase of the reference's tokenizers: letter by letter, so that a sigma at the end of a word is like any other. */
export function lowercase(text: string): string {
  return text.replaceAll("Σ", "σ").toLowerCase();
}
