import { totalmem } from "node:os";

/** Bytes that this process may take: those of the machine, or fewer where its control group allows fewer. */
export function memoryLimit(): number {
  const allowed = process.constrainedMemory?.() ?? 0;
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}
