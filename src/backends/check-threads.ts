import { BackendError } from "../errors.ts";

const MOST_THREADS = 1024;

/** @throws BackendError unless it is a number of threads. */
export function checkThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS) return threads;
  throw new BackendError(`${threads} threads; expected an integer from 1 to ${MOST_THREADS}.`);
}
