import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { type Figure, formatFigure, reaches } from "./figure.ts";
import { preparePeers } from "./prepare-peers.ts";
import { embedding, embeddingInt8, embeddingPython } from "./questions/embedding.ts";
import { firstVector } from "./questions/first-vector.ts";
import { forward } from "./questions/forward.ts";
import { longTexts } from "./questions/long-texts.ts";
import { matmul } from "./questions/matmul.ts";
import { memory } from "./questions/memory.ts";
import { tokenizers } from "./questions/tokenizers.ts";
import { training } from "./questions/training.ts";
import { wasm } from "./questions/wasm.ts";
import type { BenchSettings } from "./sides.ts";

/** Every question that the bench answers. */
const questions: Record<string, (settings: BenchSettings) => Promise<Figure[]>> = {
  matmul,
  forward,
  "long-texts": longTexts,
  embedding,
  "embedding-int8": embeddingInt8,
  "embedding-python": embeddingPython,
  "first-vector": firstVector,
  memory,
  tokenizers,
  training,
  wasm,
};

/** Those that need no peer. */
const ALONE = new Set(["matmul"]);

const usage = `npm run bench -- [--only NAME[,NAME]] [--repeats 5] [--threads 2] [--json] [--check]

  --only     one or several of: ${Object.keys(questions).join(", ")}
  --repeats  interleaved repeats whose median is reported
  --threads  threads of both sides
  --json     one JSON object a figure
  --check    exit with 1 when a figure falls short of its floor (ratios are granted 3 % for noise)`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    repeats: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(usage);
else process.exitCode = await run();

async function run(): Promise<number> {
  const names = values.only?.split(",") ?? Object.keys(questions);
  const unknown = names.find((name) => questions[name] === undefined);
  const settings = { repeats: Number(values.repeats), threads: Number(values.threads) };
  if (unknown !== undefined || !(settings.repeats >= 1) || !(settings.threads >= 1)) {
    console.error(
      `${unknown === undefined ? "--repeats and --threads are 1 or more" : `no question "${unknown}"`}\n\n${usage}`,
    );
    return 2;
  }
  if (names.some((name) => !ALONE.has(name))) preparePeers();
  if (!values.json) console.log(`${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}`);
  const figures: Figure[] = [];
  for (const name of names) {
    for (const figure of await questions[name]!(settings)) {
      figures.push(figure);
      console.log(
        values.json ? JSON.stringify({ question: name, ...figure, ok: reaches(figure) }) : formatFigure(figure),
      );
    }
  }
  const short = figures.filter((figure) => !reaches(figure)).length;
  if (short > 0) console.error(`${short} of ${figures.length} figures fall short of their floor.`);
  return values.check && short > 0 ? 1 : 0;
}
