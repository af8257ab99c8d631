import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { describeIf, repositoryRoot } from "../support/shared.ts";

/** What `npm pack` would put into the tarball, of what is built. */
function packedFiles(): { path: string; size: number }[] {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const output = execFileSync("npm", args, {
    cwd: repositoryRoot,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ files }] = JSON.parse(output.slice(output.indexOf("["))) as [{ files: { path: string; size: number }[] }];
  return files;
}

const unbuilt = existsSync(`${repositoryRoot}/dist/index.js`) ? undefined : "dist/ is not there: npm run build";

describeIf("the package", unbuilt, () => {
  let packed: { path: string; size: number }[] = [];
  let files: string[] = [];
  beforeAll(() => {
    packed = packedFiles();
    files = packed.map(({ path }) => path);
  }, 60_000);

  it.each(["README.md", "LICENSE", "NOTICE", "CHANGELOG.md", "package.json", "dist/cli/main.js"])(
    "holds %s",
    (file) => {
      expect(files).toContain(file);
    },
  );

  it("holds the program and the types of every door", () => {
    const manifest = JSON.parse(readFileSync(`${repositoryRoot}/package.json`, "utf8"));
    const doors = Object.values<string | object>(manifest.exports).flatMap((door) =>
      typeof door === "string" ? [] : (Object.values(door) as string[]),
    );
    expect(doors.length).toBeGreaterThan(0);
    expect(files).toEqual(expect.arrayContaining(doors.map((door) => door.replace("./", ""))));
  });

  it("holds the four WebAssembly modules, so that it works where no addon fits", () => {
    expect(files.filter((file) => file.endsWith(".wasm")).length).toBe(4);
  });

  it("holds no WebAssembly module of 150 kB or more, as browsers fetch it", () => {
    expect(packed.filter(({ path, size }) => path.endsWith(".wasm") && size >= 150_000)).toEqual([]);
  });

  it("holds nothing else: no tests, no sources, no data", () => {
    const expected = [
      /^dist\/.+\.(js|js\.map|d\.ts|wasm)$/,
      /^prebuilds\/(linux|darwin|win32)-(x64|arm64)\/cloze\.node$/,
      /^(README\.md|LICENSE|NOTICE|CHANGELOG\.md|package\.json)$/,
    ];
    const others = files.filter((file) => !expected.some((pattern) => pattern.test(file)) || file.includes(".test."));
    expect(others).toEqual([]);
  });
});
