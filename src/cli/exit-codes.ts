/** What a process ends with after Ctrl-C. */
export const INTERRUPTED = 130;
