import { type ReliabilityBin, reliabilityBins } from "../../evaluation/calibration.ts";
import { type ClassScore, classScores, countClasses } from "../../evaluation/class-scores.ts";
import { type Confusion, confusionMatrix, type Label } from "../../evaluation/confusion.ts";
import { html, type Markup } from "./html.ts";

/** A row that was classified: what it is, what it was taken for, and how surely. */
export interface JudgedRow {
  readonly text: string;
  readonly gold: Label;
  readonly predicted: Label;
  /** Probability of the predicted class. */
  readonly confidence: number;
}

const WORST = 20;
const LARGEST_CONFUSION = 30;

/** The per-class table, the confusion matrix, the calibration plot, and the mistakes made most surely. */
export function classificationSections(rows: readonly JudgedRow[]): Markup {
  const gold = rows.map((row) => row.gold);
  const predicted = rows.map((row) => row.predicted);
  const right = rows.map((row) => row.gold === row.predicted);
  const bins = reliabilityBins(
    right,
    rows.map((row) => row.confidence),
    { bins: 10 },
  );
  const worst = rows.filter((_, i) => !right[i]).sort((a, b) => b.confidence - a.confidence);
  return html`${perClass(classScores(countClasses(gold, predicted)))}
${confusion(confusionMatrix(gold, predicted))}
${calibration(bins)}
${worstExamples(worst.slice(0, WORST), worst.length, rows.length)}`;
}

/** The per-class table, of rows or of entities. */
export function perClass(scores: readonly ClassScore[]): Markup {
  const row = ({ label, precision, recall, f1, support }: ClassScore) =>
    html`<tr><th>${label}</th><td>${percent(precision)}</td><td>${percent(recall)}</td><td>${percent(f1)}</td><td>${support}</td></tr>`;
  return html`<h3>Classes</h3><table><tr><th></th><th>precision</th><th>recall</th><th>F1</th><th>rows</th></tr>${scores.map(row)}</table>`;
}

function confusion({ labels, counts }: Confusion): Markup {
  if (labels.length > LARGEST_CONFUSION) {
    return html`<h3>Confusion</h3><p>${labels.length} classes are too many for a table.</p>`;
  }
  const row = (label: Label, i: number) => {
    const total = counts[i]!.reduce((sum, count) => sum + count, 0);
    const cell = (count: number) =>
      html`<td style="background:rgba(0,114,178,${total === 0 ? 0 : ((0.8 * count) / total).toFixed(2)})">${count}</td>`;
    return html`<tr><th>${label}</th>${counts[i]!.map(cell)}</tr>`;
  };
  const head = html`<tr><th>is \\ was taken for</th>${labels.map((label) => html`<th>${label}</th>`)}</tr>`;
  return html`<h3>Confusion</h3><table>${head}${labels.map(row)}</table>`;
}

function calibration(bins: readonly ReliabilityBin[]): Markup {
  const size = 220;
  const bar = ({ from, to, count, accuracy }: ReliabilityBin) =>
    count === 0
      ? undefined
      : html`<rect x="${from * size}" width="${(to - from) * size - 1}" y="${(1 - accuracy) * size}" height="${accuracy * size}" fill="#0072b2"><title>${count} rows, ${percent(accuracy)} right</title></rect>`;
  return html`<h3>Calibration</h3><p>Share of right rows by the model's confidence; on the line they agree.</p>
<svg class="square" viewBox="0 0 ${size} ${size}" role="img" aria-label="calibration"><rect class="frame" width="${size}" height="${size}"/>${bins.map(bar)}<path class="axis" d="M0 ${size}L${size} 0"/></svg>`;
}

function worstExamples(worst: readonly JudgedRow[], mistakes: number, rows: number): Markup {
  if (mistakes === 0) return html`<h3>Mistakes</h3><p>None in ${rows} rows.</p>`;
  const row = ({ text, gold, predicted, confidence }: JudgedRow) =>
    html`<tr><td class="text">${text}</td><td>${gold}</td><td>${predicted}</td><td>${percent(confidence)}</td></tr>`;
  return html`<h3>Mistakes</h3><p>${mistakes} of ${rows} rows; those made most surely:</p>
<table><tr><th>text</th><th>is</th><th>was taken for</th><th>confidence</th></tr>${worst.map(row)}</table>`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
