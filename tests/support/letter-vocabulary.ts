/** Special tokens, letters and a few words: 67, as the recorded models have. */
export const LETTER_VOCABULARY: readonly string[] = [
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
  ..."abcdefghijklmnopqrstuvwxyz",
  ...[..."abcdefghijklmnopqrstuvwxyz"].map((letter) => `##${letter}`),
  ...["the", "cat", "dog", "sat", "ran", "on", "mat", ".", ",", "?"],
];
