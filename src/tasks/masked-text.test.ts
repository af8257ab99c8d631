import { expect, it } from "vitest";
import { describeShared } from "../../tests/support/shared.ts";
import { Tokenizer } from "../tokenizers/tokenizer.ts";
import { findMasks, placeWord } from "./masked-text.ts";

const TEXT = "A man is {} a flute, un{}ed by people.";

describeShared("masks in texts", "tokenizers", (folder) => {
  it.each(["bert-base-uncased", "roberta-base", "deberta-v3", "albert-base-v2", "modernbert-base"])(
    "stand where they are spelled, and words are cut as in their place: %s",
    async (name) => {
      const tokenizer = await Tokenizer.load(`${folder}/${name}`);
      const mask = tokenizer.specialTokens.mask as { id: number; token: string };
      const text = TEXT.replaceAll("{}", mask.token);
      const encoding = tokenizer.encode(text);
      const whole = { text, encoding, windows: [encoding], length: 0, truncated: false, droppedCharacters: 0 };
      const [first, second] = findMasks(whole, mask);
      expect([first, second].map((it) => text.slice(it?.start, it?.end))).toEqual([mask.token, mask.token]);
      expect(encoding.ids[first!.token]).toBe(mask.id);
      const playing = placeWord(tokenizer, text, first!, "playing");
      const inText = tokenizer.encode("A man is playing a flute.");
      expect(playing).toEqual({
        ids: [inText.ids[inText.tokens.findIndex((it) => it.endsWith("playing"))]],
        isAlone: true,
      });
      expect(placeWord(tokenizer, text, second!, "lock").isAlone).toBe(false);
    },
  );
});
