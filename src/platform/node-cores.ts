import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * Physical cores that this process may compute on: its CPU affinity, two hyperthreads counted as one core, and no more
 * than its control group may use. At least 1. Elsewhere than on Linux, what Node calls available parallelism.
 */
export function physicalCores(): number {
  if (process.platform !== "linux") return availableParallelism();
  const allowed = parseCpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(read("/proc/self/status"))?.[1] ?? "");
  const cores = new Set(allowed.map(coreOf));
  const count = cores.size === 0 ? availableParallelism() : cores.size;
  return Math.max(1, Math.min(count, Math.floor(quota())));
}

/** "0-3,8" -> 0, 1, 2, 3, 8 */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.trim().split("-").map(Number);
    if (first === undefined || last === undefined || range.trim() === "") return [];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** The hyperthreads of one core name each other, so the list names the core. */
function coreOf(cpu: number): string {
  return read(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`).trim() || `cpu ${cpu}`;
}

/** CPUs' worth of time that the control groups allow, version 2 or 1; Infinity without a limit. */
function quota(): number {
  const groups = read("/proc/self/cgroup").split("\n");
  const unified = groups.find((line) => line.startsWith("0::"))?.slice(3) ?? "/";
  const cpu = groups.find((line) => /^\d+:([^:]*,)?cpu(,[^:]*)?:/.test(line))?.split(":")[2] ?? "/";
  const limits = [
    ...ancestors(unified).map((group) => read(`/sys/fs/cgroup${group}/cpu.max`)),
    ...ancestors(cpu).map((group) => {
      const folder = `/sys/fs/cgroup/cpu${group}`;
      return `${read(`${folder}/cpu.cfs_quota_us`).trim()} ${read(`${folder}/cpu.cfs_period_us`).trim()}`;
    }),
  ];
  return Math.min(...limits.map(parseCpuQuota));
}

/** "200000 100000" -> 2; "max 100000", "-1 100000" and nothing -> Infinity */
export function parseCpuQuota(limit: string): number {
  const [time, period] = limit.trim().split(/\s+/).map(Number);
  return time !== undefined && period !== undefined && time > 0 && period > 0
    ? time / period
    : Number.POSITIVE_INFINITY;
}

/** "/a/b" -> "/a/b", "/a", "": a limit on any of them holds. */
function ancestors(group: string): string[] {
  const parts = group.split("/").filter((part) => part !== "");
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    parts
      .slice(0, parts.length - i)
      .map((part) => `/${part}`)
      .join(""),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
