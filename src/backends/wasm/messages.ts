/** What the backend tells its workers. Ids are the backend's; commands but `abort` are done in order. */
export type WasmCommand =
  | {
      readonly kind: "lead";
      readonly module: WebAssembly.Module;
      readonly memory?: WebAssembly.Memory;
      readonly threads: number;
    }
  | {
      readonly kind: "help";
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly thread: number;
      /** Where this helper's stack begins; it grows down. */
      readonly stack: number;
    }
  | LeadCommand;

export type LeadCommand = QueuedCommand | { readonly kind: "abort"; readonly id: number };

export type QueuedCommand =
  | {
      readonly kind: "createTensor";
      readonly id: number;
      readonly name: string;
      readonly rows: number;
      readonly columns: number;
      /** By their index in the lists of encoding.ts. */
      readonly type: number;
      readonly layout: number;
    }
  | {
      readonly kind: "fillTensor";
      readonly id: number;
      readonly from: number;
      readonly to: number;
      readonly storedType: number;
      readonly bytes: Uint8Array;
      /** Of each row, where numbers are multiples of it. */
      readonly scales: Float32Array | undefined;
    }
  | { readonly kind: "releaseTensor"; readonly id: number }
  /** `tensors`: ids by value number, -1 where a value is none. */
  | { readonly kind: "compile"; readonly id: number; readonly words: Int32Array; readonly tensors: Int32Array }
  | { readonly kind: "releaseProgram"; readonly id: number }
  | RunCommand
  | { readonly kind: "peak"; readonly id: number; readonly limit: number; readonly rounds: number };

export interface RunCommand {
  readonly kind: "run";
  readonly id: number;
  readonly program: number;
  readonly sizes: Int32Array;
  readonly offsets: Float64Array;
  readonly arenaBytes: number;
  readonly inputs: readonly (Int32Array | Float32Array)[];
  /** How many numbers each output has. */
  readonly outputs: readonly number[];
  readonly isTimed: boolean;
}

/** What the leading worker answers. */
export type WasmReply =
  | { readonly kind: "ready"; readonly stacks: readonly number[] }
  | {
      readonly kind: "done";
      readonly id: number;
      readonly outputs: readonly Float32Array<ArrayBuffer>[];
      /** When each step began and the last one ended, in milliseconds since 1970; empty unless asked for. */
      readonly times: Float64Array;
    }
  | { readonly kind: "aborted"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly reason: string }
  | { readonly kind: "peak"; readonly id: number; readonly perSecond: number };
