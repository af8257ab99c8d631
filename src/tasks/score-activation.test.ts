import { describe, expect, test } from "vitest";
import { applyActivation, chooseActivation, type ScoreStatement, sigmoid, softmax } from "./score-activation.ts";

describe("what a checkpoint states", () => {
  type ProblemType = ScoreStatement["config"]["problemType"];
  const of = (labels: number, problemType?: ProblemType, layout?: ScoreStatement["layout"]): ScoreStatement => ({
    labels: Array.from({ length: labels }, (_, i) => `${i}`),
    config: { problemType },
    layout,
  });

  test.each([
    [of(3), "softmax"],
    [of(1), "sigmoid"],
    [of(3, "single_label_classification"), "softmax"],
    [of(1, "single_label_classification"), "sigmoid"],
    [of(3, "multi_label_classification"), "sigmoid"],
    [of(1, "regression"), "none"],
    [of(3, "regression"), "none"],
    [of(3, undefined, { kind: "cross-encoder", scoreActivation: "none" }), "none"],
    [of(1, "regression", { kind: "cross-encoder", scoreActivation: "tanh" }), "tanh"],
    [of(3, undefined, { kind: "cross-encoder", scoreActivation: undefined }), "softmax"],
    [of(3, undefined, { kind: "embedder", scoreActivation: "tanh" }), "softmax"],
  ])("%j", (statement, expected) => {
    expect(chooseActivation(statement)).toBe(expected);
    expect(chooseActivation(statement, "none")).toBe("none");
  });

  test("refuses what is not known", () => {
    expect(() => chooseActivation(of(1), "softmax")).toThrow("of which a softmax is always 1");
    expect(() => chooseActivation(of(2), "tanh" as never)).toThrow('expected "softmax", "sigmoid" or "none"');
    const gelu = of(1, undefined, { kind: "cross-encoder", scoreActivation: "gelu" });
    expect(() => chooseActivation(gelu)).toThrow('activation_fn is "GELU"');
  });
});

test("large logits give probabilities, not NaN", () => {
  expect(softmax([1000, 999, -1e38])).toEqual([sigmoid(1), expect.closeTo(1 - sigmoid(1), 12), 0]);
  expect([sigmoid(1e38), sigmoid(-1e38), sigmoid(0)]).toEqual([1, 0, 0.5]);
});

test("functions of single logits", () => {
  expect(applyActivation([-1, 2], "relu")).toEqual([0, 2]);
  expect(applyActivation([-1, 2], "none")).toEqual([-1, 2]);
  expect(applyActivation([0.5], "tanh")).toEqual([Math.tanh(0.5)]);
  expect(applyActivation([2], "silu")).toEqual([2 * sigmoid(2)]);
});
