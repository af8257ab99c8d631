import { BackendError } from "../../errors.ts";
import type { ParameterSet, ProgramParameter, ProgramValue, TensorSource } from "../backend.ts";
import { ELEMENT_TYPES, LAYOUTS, STORED_TYPES } from "../encoding.ts";
import { asMatrix } from "../shape.ts";
import type { Addon, DeviceHandle, TensorHandle } from "./addon.ts";

/** Tensors in native memory, each once a layout. What is compiled against the set is closed with it. */
export class NativeParameters implements ParameterSet {
  readonly #addon: Addon;
  readonly #device: DeviceHandle;
  readonly #source: TensorSource;
  readonly #tensors = new Map<string, TensorHandle>();
  readonly #users = new Set<{ close(): void }>();
  #closed = false;

  constructor(addon: Addon, device: DeviceHandle, source: TensorSource) {
    this.#addon = addon;
    this.#device = device;
    this.#source = source;
  }

  get bytes(): number {
    return [...this.#tensors.values()].reduce((sum, tensor) => sum + this.#addon.tensorBytes(tensor), 0);
  }

  /** The parameter in native memory; read, widened and packed unless it is there already. */
  load(parameter: ProgramParameter, value: ProgramValue): TensorHandle {
    if (this.#closed) throw new BackendError("native: these parameters are closed.");
    const key = [value.type, parameter.layout, parameter.shape.join(), ...parameter.parts].join("\n");
    const known = this.#tensors.get(key);
    if (known !== undefined) return known;
    const { columns } = asMatrix(parameter.shape);
    const rows = asMatrix(parameter.shape).rows as number;
    const tensor = this.#create(parameter, value, rows, columns);
    let from = 0;
    for (const part of parameter.parts) {
      const stored = this.#source(part);
      const count = stored.shape.reduce((a, b) => a * b, 1);
      const to = from + (columns === 0 ? 0 : count / columns);
      if (to > rows || !Number.isInteger(to)) break;
      const type = STORED_TYPES.indexOf(stored.type);
      this.#addon.fillTensor(this.#device, tensor, from, to, type, stored.read());
      from = to;
    }
    if (from !== rows) {
      this.#addon.release(tensor);
      const shapes = parameter.parts.map((part) => `"${part}" [${this.#source(part).shape}]`).join(", ");
      throw new BackendError(`native: ${shapes} do not make up the program's [${parameter.shape}].`);
    }
    this.#tensors.set(key, tensor);
    return tensor;
  }

  #create(parameter: ProgramParameter, value: ProgramValue, rows: number, columns: number): TensorHandle {
    const type = ELEMENT_TYPES.indexOf(value.type);
    const layout = LAYOUTS.indexOf(parameter.layout);
    try {
      return this.#addon.createTensor(this.#device, rows, columns, type, layout);
    } catch (error) {
      const what = `"${parameter.parts.join('", "')}" [${parameter.shape}]`;
      throw new BackendError(`native: could not store ${what}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Notes an executable that reads these tensors. */
  addUser(user: { close(): void }): void {
    this.#users.add(user);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const user of this.#users) user.close();
    for (const tensor of this.#tensors.values()) this.#addon.release(tensor);
    this.#tensors.clear();
    this.#users.clear();
  }
}
