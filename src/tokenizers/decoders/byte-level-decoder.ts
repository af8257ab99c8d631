import { byteOfCharacter } from "../byte-level.ts";
import type { Decoder } from "./decoder.ts";

/**
 * Reads tokens of a byte-level vocabulary as the bytes of UTF-8; bytes that are none become U+FFFD. A token with any
 * other character in it stands for itself.
 */
export class ByteLevelDecoder implements Decoder {
  decode(tokens: string[]): string[] {
    const bytes: number[] = [];
    const encoder = new TextEncoder();
    for (const token of tokens) {
      const own = Array.from(token, byteOfCharacter).filter((byte) => byte !== undefined);
      const isByteLevel = own.length === [...token].length;
      for (const byte of isByteLevel ? own : encoder.encode(token)) bytes.push(byte);
    }
    return [new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes))];
  }
}
