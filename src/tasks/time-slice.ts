/** Longest stretch of synchronous work, in milliseconds, before timers and sockets of the process get their turn. */
const SLICE = 5;

/** Lets go of the event loop now and then during long synchronous work. */
export class TimeSlice {
  #began = performance.now();

  /** Whether it is time to `yield`. Cheap enough to ask after every text. */
  get isOver(): boolean {
    return performance.now() - this.#began > SLICE;
  }

  /** Comes back after everything that is waiting now had its turn. */
  async yield(): Promise<void> {
    await new Promise<void>(nextTurn);
    this.#began = performance.now();
  }
}

/** Node's setImmediate; browsers have none, and their timers wait 4 ms, so a message to oneself stands in. */
const nextTurn: (done: () => void) => void =
  typeof setImmediate === "function" ? (done) => void setImmediate(done) : postToSelf;

function postToSelf(done: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    done();
  };
  port2.postMessage(undefined);
}
