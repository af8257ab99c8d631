import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startMockHub } from "../support/mock-hub.ts";
import { readTree } from "../support/read-tree.ts";
import { ABSENT, NEEDED, SMALL_REPOSITORY } from "./small-repository.ts";

/**
 * Records tests/hub/python-cache.json: the cache that the Python library (huggingface_hub 2.4.0) makes of the mock hub's
 * repository when it is asked for the files that Cloze wants, those included that the repository does not have.
 *
 *     npx tsx tests/hub/record-python-cache.ts python3
 */
const PROGRAM = `
import sys, json, os
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
needed, absent = json.loads(sys.argv[1])
for name in needed:
    hf_hub_download("org/tiny", name)
for name in absent:
    try:
        hf_hub_download("org/tiny", name)
        raise SystemExit(f"{name} is there")
    except EntryNotFoundError:
        pass
`;

const home = mkdtempSync(join(tmpdir(), "cloze-python-"));
const hub = await startMockHub(SMALL_REPOSITORY);
const child = spawn(process.argv[2] ?? "python3", ["-c", PROGRAM, JSON.stringify([NEEDED, ABSENT])], {
  stdio: "inherit",
  env: { ...process.env, HF_ENDPOINT: hub.endpoint, HF_HOME: home, HF_HUB_OFFLINE: "0", HF_HUB_DISABLE_XET: "1" },
});
process.exitCode = await new Promise<number>((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
await hub.close();
if (process.exitCode === 0) {
  const tree = readTree(join(home, "hub"));
  writeFileSync(fileURLToPath(new URL("python-cache.json", import.meta.url)), `${JSON.stringify(tree, null, 2)}\n`);
}
rmSync(home, { recursive: true });
