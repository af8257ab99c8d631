/** What a process ends with after Ctrl-C. */
export const INTERRUPTED = 130;

/** Why a signal is aborted when the system asks the process to end (SIGTERM). */
export const TERMINATED = new DOMException("The process was asked to end.", "AbortError");

/** What a run that wrote a checkpoint before it stopped ends with: 0 where the system asked for it, 130 after Ctrl-C. */
export function stoppedCode(signal: AbortSignal): number {
  return signal.reason === TERMINATED ? 0 : INTERRUPTED;
}
