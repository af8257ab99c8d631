import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Aggregation } from "../../src/tasks/tagged-entities.ts";
import { Tagger } from "../../src/tasks/tagger.ts";
import { describeBackends } from "../support/each-backend.ts";
import { describeShared, hasShared, sharedPath } from "../support/shared.ts";

const PIPELINES = "goldens/pipelines";

interface Recorded {
  readonly text: string;
  readonly strategy: Aggregation;
  readonly stride?: number;
  readonly result: readonly {
    readonly entity?: string;
    readonly entity_group?: string;
    readonly score: number;
    readonly start: number;
    readonly end: number;
  }[];
}

const recorded = <R>(name: string): R =>
  JSON.parse(readFileSync(sharedPath(PIPELINES, "expected.json"), "utf8"))[name] as R;

function expected({ text, result }: Recorded) {
  return result.map(({ entity, entity_group, score, start, end }) => ({
    label: entity ?? entity_group,
    text: text.slice(start, end),
    start,
    end,
    score: expect.closeTo(score, 5),
  }));
}

if (!hasShared(PIPELINES)) describeShared("tags", PIPELINES, () => undefined);
else {
  await describeBackends("tags as the reference's pipeline", (backend) => {
    let tagger: Tagger;
    beforeAll(async () => {
      tagger = await Tagger.load(sharedPath(PIPELINES, "tagger"), { backend });
    });
    afterAll(() => tagger.dispose());

    it.each(recorded<Recorded[]>("tagger"))("$strategy: $text", async (row) => {
      expect(await tagger.tag(row.text, { aggregation: row.strategy })).toEqual(expected(row));
    });

    it("of a long text", async () => {
      const row = recorded<Recorded>("tagger-stride");
      const options = { aggregation: row.strategy, stride: row.stride, merge: "entities" } as const;
      expect(await tagger.tag(row.text, options)).toEqual(expected(row));
    });

    it("gives a text the same bits whatever it is tagged with", async () => {
      const texts = [
        ...new Set(recorded<Recorded[]>("tagger").map(({ text }) => text)),
        "",
        recorded<Recorded>("tagger-stride").text,
      ];
      const inputs = [...texts, { words: (texts[0] as string).split(" ") }];
      for (const options of [
        {},
        { truncation: "truncate", side: "left" },
        { side: "left", merge: "entities" },
      ] as const) {
        const alone = await Promise.all(inputs.map((input) => tagger.tag(input, options)));
        for (const batchTokens of [1, 60, 1000]) {
          expect(await tagger.tag(inputs, { ...options, batchTokens })).toEqual(alone);
        }
      }
    });
  });
}
