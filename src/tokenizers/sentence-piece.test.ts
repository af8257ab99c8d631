import { describe, expect, it } from "vitest";
import { TokenizerError } from "../errors.ts";
import { readSentencePieceModel } from "./sentence-piece.ts";

/** A varint; negative numbers take ten bytes, as protobuf has it. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

const integerField = (number: number, value: number) => [...varint(number * 8), ...varint(value)];
const bytesField = (number: number, bytes: number[]) => [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
const textField = (number: number, text: string) => bytesField(number, [...new TextEncoder().encode(text)]);
const floatField = (number: number, value: number) => [
  ...varint(number * 8 + 5),
  ...new Uint8Array(new Float32Array([value]).buffer),
];

const piece = (text: string, score: number, type: number) =>
  bytesField(1, [...textField(1, text), ...floatField(2, score), ...integerField(3, type)]);

const PIECES = [piece("<unk>", 0, 2), piece("<s>", 0, 3), piece("▁中", -1.5, 1), piece("<0x00>", 0, 6)].flat();
const TRAINER = bytesField(2, [
  ...integerField(3, 2),
  ...integerField(35, 1),
  ...integerField(43, -1),
  ...textField(45, "<unk>"),
]);
const NORMALIZER = bytesField(3, [...bytesField(2, [1, 2, 3]), ...integerField(3, 0)]);
const UNKNOWN_FIELDS = [
  ...integerField(900, 1),
  ...bytesField(901, [1, 2]),
  ...varint(902 * 8 + 1),
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
];
const MODEL = new Uint8Array([...PIECES, ...TRAINER, ...NORMALIZER, ...UNKNOWN_FIELDS]);

describe("a SentencePiece model", () => {
  it("is read with its pieces and settings", () => {
    const { pieces, ...model } = readSentencePieceModel(MODEL, "spiece.model");
    expect(pieces).toEqual([
      { text: "<unk>", score: 0, type: "unknown" },
      { text: "<s>", score: 0, type: "control" },
      { text: "▁中", score: -1.5, type: "normal" },
      { text: "<0x00>", score: 0, type: "byte" },
    ]);
    expect(model).toEqual({
      file: "spiece.model",
      algorithm: "bpe",
      byteFallback: true,
      unknownId: 0,
      beginId: 1,
      endId: 2,
      padId: -1,
      unknownPiece: "<unk>",
      precompiledCharsmap: new Uint8Array([1, 2, 3]),
      addDummyPrefix: false,
      removeExtraWhitespaces: true,
      escapeWhitespaces: true,
    });
  });

  it("is refused when it is cut off anywhere before its last field", () => {
    const whole = PIECES.length + TRAINER.length + NORMALIZER.length;
    for (let length = 0; length < whole; length++) {
      expect(() => readSentencePieceModel(MODEL.subarray(0, length), "spiece.model")).toThrow(TokenizerError);
      expect(() => readSentencePieceModel(MODEL.subarray(0, length), "spiece.model")).toThrow(/^spiece\.model/);
    }
  });

  it.each<[string, number[]]>([
    ["a length beyond the end", [...varint(1 * 8 + 2), ...varint(2 ** 40)]],
    ["a number without end", [8, ...new Array(12).fill(0xff)]],
    ["an unknown wire type", [...varint(1 * 8 + 3)]],
    ["a piece that is not UTF-8", bytesField(1, bytesField(1, [0xff, 0xfe]))],
    ["a piece of an unknown type", piece("a", 0, 7)],
    ["an unknown algorithm", bytesField(2, integerField(3, 9))],
    ["an unknown id out of range", bytesField(2, integerField(40, 4))],
    ["a negative unknown id", bytesField(2, integerField(40, -1))],
  ])("is refused for %s", (_what, bytes) => {
    const damaged = new Uint8Array([...MODEL, ...bytes]);
    expect(() => readSentencePieceModel(damaged, "spm.model")).toThrow(TokenizerError);
    expect(() => readSentencePieceModel(damaged, "spm.model")).toThrow(/^spm\.model/);
  });

  it("is not made of other files", () => {
    const bytes = new TextEncoder().encode('{"version": "1.0", "model": {}}');
    expect(() => readSentencePieceModel(bytes, "spiece.model")).toThrow(TokenizerError);
  });
});
