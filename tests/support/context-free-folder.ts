import { join } from "node:path";
import { Safetensors } from "../../src/checkpoints/safetensors.ts";
import { writeSafetensors } from "../../src/checkpoints/safetensors-write.ts";
import { copiedFolder } from "./copied-folder.ts";

/** What carries anything from one token to another, or from its place, in a BERT. */
const CONTEXT = /position_embeddings|attention\.output\.dense/;

/**
 * A recorded BERT ("pipelines/tagger") with nothing but zeros there: what it says of a token depends on that token alone, so
 * that windows must say what any piece of the text says.
 */
export function contextFreeFolder(path: string): string {
  const folder = copiedFolder(path);
  const file = join(folder, "model.safetensors");
  const stored = Safetensors.open(file);
  const tensors = stored.list().map(({ name }) => {
    const tensor = stored.tensor(name);
    const bytes = tensor.read();
    return { ...tensor, read: () => (CONTEXT.test(name) ? new Uint8Array(bytes.length) : bytes) };
  });
  writeSafetensors(file, tensors);
  return folder;
}
