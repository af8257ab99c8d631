export interface TableOptions {
  /** Columns, from 0, whose cells stand at the right. Default: none. */
  readonly right?: readonly number[];
  /** Spaces before every line. Default: 0. */
  readonly indent?: number;
}

/** Rows of text in aligned columns, two spaces apart; the last column ends where it ends. */
export function table(rows: readonly (readonly string[])[], { right = [], indent = 0 }: TableOptions = {}): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell));
    });
  }
  const lines = rows.map((row) => row.map((cell, i) => pad(cell, widths[i]!, right.includes(i))).join("  "));
  return lines.map((line) => `${" ".repeat(indent)}${line}`.trimEnd()).join("\n");
}

function pad(cell: string, width: number, atRight: boolean): string {
  const space = " ".repeat(width - displayWidth(cell));
  return atRight ? space + cell : cell + space;
}

/** Cells of a terminal: ideographs and kana take two, marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
