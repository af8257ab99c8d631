/** One number that the bench reports. */
export interface Figure {
  /** What was measured, in a few words. */
  name: string;
  value: number;
  unit: "x" | "s" | "ms" | "MB" | "%" | "GFLOP/s";
  /** The number that it must reach: at least, or with `atMost` at most. Without one it is reported only. */
  floor?: number;
  atMost?: boolean;
  /** The worst of the repeats, in the same unit. */
  worst?: number;
  /** The raw numbers behind it: times of both sides, sizes. */
  detail: string;
}

/** Whether a figure reaches its floor. Ratios of times are granted `NOISE`: the same run twice differs by that much. */
export function reaches({ value, unit, floor, atMost }: Figure): boolean {
  if (floor === undefined) return true;
  const noise = unit === "x" ? NOISE : 0;
  return atMost === true ? value <= floor * (1 + noise) : value >= floor * (1 - noise);
}

const NOISE = 0.03;

/** One line: `ok   mixed set, in order   4.31 x  (floor 4, worst 4.02)  peer 7.71 s, cloze 1.79 s`. */
export function formatFigure(figure: Figure): string {
  const { name, value, unit, floor, atMost, worst, detail } = figure;
  const verdict = floor === undefined ? "    " : reaches(figure) ? "ok  " : "FAIL";
  const limits = [
    ...(floor === undefined ? [] : [`${atMost === true ? "at most" : "at least"} ${Number(round(floor))}`]),
    ...(worst === undefined ? [] : [`worst ${round(worst)}`]),
  ];
  const stated = limits.length === 0 ? "" : ` (${limits.join(", ")})`;
  return `${verdict} ${name.padEnd(60)} ${`${round(value)} ${unit}`.padStart(12)}${stated.padEnd(28)} ${detail}`;
}

/** Three digits that count. */
export function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
