export function machineName(): string {
  return "browser";
}

export function environmentVariable(_name: string): string | undefined {
  return undefined;
}

export function loadAddon(_url: URL): unknown {
  throw new Error("browsers load no native addons");
}

export async function readPackagedFile(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Browsers tell logical cores only; two of them may share one core's arithmetic, which costs little. */
export function physicalCores(): number {
  return Math.max(1, globalThis.navigator?.hardwareConcurrency ?? 1);
}
