import fc from "fast-check";

/** First code points of the stretches that texts are drawn from: every 0x80 of all of Unicode. */
const BLOCK = 0x80;

/** Characters that tokenizers treat in ways of their own. */
const SPECIAL = [
  ..."\0\t\n\r\v\f\u0085\u00a0\u00ad\u0130\u0131ßẞΣσςſŉǅﬁ\u0345\u0300\u0301\u0323\u0327\u093c\u0e33\u1100\u1161\u11a8가\u2003\u200b\u200d\u2028▁Ġ㌀\u3000々ー中文\ufe0f\ufeff\uff21\ufffd\uffff👍🏽🇩🇪𝒜",
  "'s", "n't", "``", "''", "##", "...", "<s>", "</s>", "[MASK]", "[CLS]", "<mask>", "<extra_id_0>",
]; // biome-ignore format: a list

const word = fc.stringMatching(/^[A-Za-z]{1,12}$/);
const number = fc.stringMatching(/^[0-9]{1,6}$/);
const punctuation = fc.constantFrom(..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
const space = fc.constantFrom(" ", " ", " ", "  ", "\n", "\t", "   ");
const special = fc.constantFrom(...SPECIAL);
const anywhere = fc
  .tuple(
    fc.integer({ min: 0, max: (0x110000 - BLOCK) / BLOCK }),
    fc.array(fc.integer({ min: 0, max: BLOCK - 1 }), { maxLength: 6 }),
  )
  .map(([block, places]) => places.map((place) => block * BLOCK + place))
  .map((codes) => codes.filter((code) => code < 0xd800 || code > 0xdfff))
  .map((codes) => String.fromCodePoint(...codes));
/** The planes in use, denser. */
const common = fc
  .tuple(fc.integer({ min: 0, max: 0xbf }), fc.array(fc.integer({ min: 0, max: 0x3f }), { maxLength: 5 }))
  .map(([block, places]) => String.fromCodePoint(...places.map((place) => block * 0x40 + place)));

/** Texts of words, punctuation, and characters from all over Unicode. */
export const anyText = fc
  .array(fc.oneof(word, word, space, space, number, punctuation, special, anywhere, common), { maxLength: 14 })
  .map((parts) => parts.join(""));
