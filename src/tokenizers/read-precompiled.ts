import type { Fields } from "./fields.ts";
import { Precompiled } from "./normalizers/precompiled.ts";

/** A charsmap in base64, as tokenizer.json has it, or the bytes themselves. */
export function readPrecompiled(fields: Fields): Precompiled {
  const origin = `${fields.origin}.precompiled_charsmap`;
  const value = fields.value("precompiled_charsmap");
  if (value instanceof Uint8Array) return new Precompiled(value, origin);
  return new Precompiled(decodeBase64(fields), origin);
}

function decodeBase64(fields: Fields): Uint8Array {
  try {
    return Uint8Array.from(atob(fields.string("precompiled_charsmap")), (character) => character.charCodeAt(0));
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    throw fields.error("precompiled_charsmap", "is not valid base64.");
  }
}
