// Times how long commands take to start and to answer little: processor time and wall time of whole processes, in turns.
//
//   node bench/start.mjs [--rounds 15] [--survey DIR] [--beside CHECKOUT [--beside-survey DIR]]
//
// --survey names a survey that survey find is asked of, such as bench/survey.mjs --folder leaves; without it, find is left out.
// --beside names another checkout, built, whose commands take turns with these; it needs a copy of the survey where the two
// would make each other's database anew. bash measures the time.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: asked } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    survey: { type: "string" },
    beside: { type: "string" },
    "beside-survey": { type: "string" },
  },
});
const scratch = mkdtempSync(join(tmpdir(), "pickbench-start-"));
const picks = join(scratch, "picks.csv");
const rows = Array.from({ length: 20 }, (_, at) => `${at},TS_1,ribosome,${at * 500},0,0\n`);
writeFileSync(picks, `id,experiment,particle_type,x,y,z\n${rows.join("")}`);

const checkouts = [{ name: "here", folder: fileURLToPath(new URL("..", import.meta.url)), survey: asked.survey }];
if (asked.beside !== undefined)
  checkouts.push({ name: "beside", folder: resolve(asked.beside), survey: asked["beside-survey"] ?? asked.survey });
const question = "feature0.percent > 4 and ribosome.count > 100 and noise < 0.9";
const find = ["survey", "find", question, "--sort", "ribosome.score desc", "--survey"];

/** Arguments of Node by what is timed, for a checkout. */
const commandsOf = ({ folder, survey }) => {
  const own = (...args) => [join(folder, "bin", "pickbench.js"), ...args];
  return {
    "node alone": ["--eval", ""],
    "--version": own("--version"),
    "--help": own("--help"),
    "score --help": own("score", "--help"),
    score: own("score", picks, "--truth", picks),
    ...(survey && { "survey find": own(...find, resolve(survey)) }),
  };
};

/** Runs a process, and returns its wall and processor time in ms. */
function timed(args) {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" > /dev/null';
  const { stderr, status } = spawnSync("bash", ["-c", script, "bash", process.execPath, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
  const [wall, user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { wall: wall * 1000, processor: (user + system) * 1000 };
}

/** Median, and the quartiles as the spread, in whole ms. */
function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.round(share * (sorted.length - 1))]);
  return `${at(0.5)} (${at(0.25)} to ${at(0.75)})`;
}

const taken = new Map();
try {
  const commands = checkouts.map((each) => ({ ...each, commands: commandsOf(each) }));
  for (let round = -1; round < Number(asked.rounds); round++)
    for (const name of Object.keys(commandsOf(checkouts[0])))
      for (const checkout of commands) {
        const time = timed(checkout.commands[name]);
        const key = `${name}, ${checkout.name}`;
        if (round >= 0) taken.set(key, [...(taken.get(key) ?? []), time]);
      }
  for (const [key, times] of taken)
    console.log(
      `${key}: processor ms ${spread(times.map(({ processor }) => processor))}, wall ms ${spread(times.map(({ wall }) => wall))}`,
    );
} finally {
  rmSync(scratch, { recursive: true });
}
