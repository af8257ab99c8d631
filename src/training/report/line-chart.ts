import { html, type Markup } from "./html.ts";

/** One curve: points by rising x. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 640;
const HEIGHT = 260;
const MARGIN = { left: 56, right: 12, top: 12, bottom: 34 };
const TICKS = 5;
/** More points than pixels say nothing more: a curve is thinned to this many, each the mean of its neighbours. */
const MOST_POINTS = 300;
/** Told apart with any colour vision (Okabe and Ito), and repeated beyond. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/** Curves over training steps as a drawing that needs no script. Curves without a point are left out. */
export function lineChart(title: string, curves: readonly Curve[]): Markup {
  const drawn = curves.filter(({ points }) => points.length > 0);
  const xs = drawn.flatMap(({ points }) => points.map(([x]) => x));
  const ys = drawn.flatMap(({ points }) => points.map(([, y]) => y));
  const across = axis(xs, MARGIN.left, WIDTH - MARGIN.right);
  const up = axis(ys, HEIGHT - MARGIN.bottom, MARGIN.top);
  const lines = drawn.map(({ points }, i) => {
    const path = thinned(points).map(([x, y]) => `${across.at(x).toFixed(1)},${up.at(y).toFixed(1)}`);
    return html`<polyline fill="none" stroke="${colour(i)}" stroke-width="1.5" points="${path.join(" ")}"/>`;
  });
  const bottom = HEIGHT - MARGIN.bottom;
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
${up.ticks.map((y) => html`<path class="grid" d="M${MARGIN.left} ${up.at(y).toFixed(1)}H${WIDTH - MARGIN.right}"/><text x="${MARGIN.left - 6}" y="${(up.at(y) + 4).toFixed(1)}" text-anchor="end">${label(y)}</text>`)}
${across.ticks.map((x) => html`<text x="${across.at(x).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${label(x)}</text>`)}
<path class="axis" d="M${MARGIN.left} ${MARGIN.top}V${bottom}H${WIDTH - MARGIN.right}"/>
${lines}
</svg>
<p class="legend">${drawn.map(({ name }, i) => html`<span><i style="background:${colour(i)}"></i>${name}</span> `)}</p></figure>`;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

interface Axis {
  readonly ticks: readonly number[];
  /** Where a value stands on the page. */
  at(value: number): number;
}

function axis(values: readonly number[], from: number, to: number): Axis {
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const size = Math.max(Math.abs(least), Math.abs(most));
  // Values that differ by rounding alone are one: steps between ticks would be lost in them.
  const isOne = most - least <= 1e-9 * size;
  const [low, high] = isOne ? [least - Math.max(0.5, 1e-6 * size), least + Math.max(0.5, 1e-6 * size)] : [least, most];
  const step = niceStep((high - low) / TICKS);
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high + step * 1e-9; k++) ticks.push(k * step);
  return { ticks, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

/** The next larger of 1, 2 or 5 times a power of ten. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = step / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

function label(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function thinned(points: Curve["points"]): Curve["points"] {
  if (points.length <= MOST_POINTS) return points;
  return Array.from({ length: MOST_POINTS }, (_, i) => {
    const group = points.slice(
      Math.floor((i * points.length) / MOST_POINTS),
      Math.floor(((i + 1) * points.length) / MOST_POINTS),
    );
    const mean = (column: 0 | 1) => group.reduce((sum, point) => sum + point[column], 0) / group.length;
    return [mean(0), mean(1)] as const;
  });
}
