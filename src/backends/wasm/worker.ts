/** The module that every worker of the WebAssembly backend starts: one leads, the others help. */
import { workerPort } from "#platform";
import { WasmExecutor } from "./executor.ts";
import type { WasmCommand } from "./messages.ts";
import { createMemory, instantiate } from "./module.ts";

const STACK_BYTES = 1 << 18; // of a helper; as large as the one that the linker gives to the leader

const port = workerPort();
let executor: WasmExecutor | undefined;

port.onMessage((message) => {
  const command = message as WasmCommand;
  if (command.kind === "lead") executor = lead(command);
  else if (command.kind === "help") help(command);
  else executor?.receive(command);
});

function lead({ module, memory = createMemory(false), threads }: Extract<WasmCommand, { kind: "lead" }>): WasmExecutor {
  const wasm = instantiate(module, memory);
  wasm.start(threads);
  const stacks = Array.from({ length: threads - 1 }, () => (wasm.allocate(STACK_BYTES) >>> 0) + STACK_BYTES);
  port.post({ kind: "ready", stacks });
  return new WasmExecutor(wasm, memory, (reply, transfer) => port.post(reply, transfer));
}

/** Never returns: the pool's helpers sleep in the module until there is work, and end with the worker. */
function help({ module, memory, thread, stack }: Extract<WasmCommand, { kind: "help" }>): void {
  const wasm = instantiate(module, memory);
  wasm.__stack_pointer.value = stack;
  wasm.help(thread);
}
