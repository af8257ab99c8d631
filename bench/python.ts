import { execFileSync } from "node:child_process";

/** The interpreter with torch and onnxruntime, by CLOZE_BENCH_PYTHON; without it those peers are left out. */
export const python = process.env.CLOZE_BENCH_PYTHON ?? "python3";

/** Whether that Python can import a module. */
export function hasPython(module: string): boolean {
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
