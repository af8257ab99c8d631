import { describe, expect, it, vi } from "vitest";
import { progressLine, Reporter } from "./reporter.ts";
import type { Terminal } from "./terminal.ts";

const progress = { phase: "embed", done: 1024, total: 2048, unit: "texts", perSecond: 512 };

describe("progressLine", () => {
  it("shows a bar, the rate and the time left", () => {
    expect(progressLine(progress)).toBe("embed  ████████████░░░░░░░░░░░░  50 %  1,024 of 2,048 texts  512/s  2 s left");
    expect(progressLine({ ...progress, done: 1, perSecond: 0.5 })).toContain("0.5/s  1 h 08 min left");
    expect(progressLine({ ...progress, done: 512, perSecond: 12 })).toContain("12/s  2 min 08 s left");
  });

  it("goes by the bytes read where nobody knows how many texts there are", () => {
    const { total: _, ...unknown } = progress;
    expect(progressLine(unknown, 0.25)).toBe("embed  ██████░░░░░░░░░░░░░░░░░░  25 %  1,024 texts  512/s  6 s left");
    expect(progressLine(unknown)).toBe("embed  1,024 texts  512/s");
  });

  it("holds at both ends", () => {
    expect(progressLine({ ...progress, done: 0, perSecond: 0 })).toBe(
      `embed  ${"░".repeat(24)}  0 %  0 of 2,048 texts  0.0/s`,
    );
    expect(progressLine({ ...progress, done: 0, total: 0, perSecond: 0 })).toContain("100 %");
  });
});

describe("Reporter", () => {
  function reporterOn(isTTY: boolean, quiet = false) {
    const written: string[] = [];
    const stderr = { isTTY, columns: 60, write: (text: string) => written.push(text) > 0 };
    const terminal = { stderr, environment: {} } as unknown as Terminal;
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    const reporter = new Reporter(terminal, { quiet });
    return { reporter, written, at: (time: number) => now.mockReturnValue(time) };
  }

  it("draws on terminals, not at once and not too often, and never wider than they are", () => {
    const { reporter, written, at } = reporterOn(true);
    for (const time of [100, 400, 450, 600]) {
      at(time);
      reporter.progress(progress);
    }
    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(/^\r\x1b\[2Kembed/);
    expect(written[0]!.replace("\r\u001b[2K", "").length).toBe(59);
  });

  it("wipes the bar before a note", () => {
    const { reporter, written, at } = reporterOn(true);
    at(400);
    reporter.progress(progress);
    reporter.note("one text was cut.");
    expect(written.slice(1)).toEqual(["\r\u001b[2K", "note: one text was cut.\n"]);
  });

  it("draws nothing in a pipe, and says nothing when it is to be quiet", () => {
    const piped = reporterOn(false);
    piped.at(400);
    piped.reporter.progress(progress);
    expect(piped.written).toEqual([]);
    const quiet = reporterOn(true, true);
    quiet.at(400);
    quiet.reporter.progress(progress);
    quiet.reporter.note("x");
    expect(quiet.written).toEqual([]);
  });
});
