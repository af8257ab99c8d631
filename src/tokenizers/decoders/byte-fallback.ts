import type { Decoder } from "./decoder.ts";

/** Joins tokens such as `<0xE4>` to the text that their bytes are in UTF-8; each byte of what is no text becomes U+FFFD. */
export class ByteFallback implements Decoder {
  decode(tokens: string[]): string[] {
    const out: string[] = [];
    let bytes: number[] = [];
    const flush = () => {
      if (bytes.length > 0) out.push(textOf(bytes));
      bytes = [];
    };
    for (const token of tokens) {
      const byte = /^<0x([0-9a-fA-F]{2})>$/.exec(token)?.[1];
      if (byte !== undefined) {
        bytes.push(Number.parseInt(byte, 16));
      } else {
        flush();
        out.push(token);
      }
    }
    flush();
    return out;
  }
}

function textOf(bytes: number[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return "\ufffd".repeat(bytes.length);
  }
}
