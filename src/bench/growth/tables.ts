/** Growth of `score` and `convert`: the number of picks, in CSVs of the challenge. */
import { existsSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { challengeParticles } from "../../domain/particles.js";
import { randomFor } from "../../domain/random.js";
import { challengeShape } from "../../domain/volume.js";
import { submissionColumns } from "../../formats/csv/submissionRows.js";
import { challengeSpacing } from "../particleVolume.js";
import { runMeasured } from "../submitProcess.js";
import type { Series, SeriesContext } from "./series.js";

/** Picks of a type in a tomogram. */
const picksOfType = 50;
/** Greatest distance along each axis from a pick to the particle that it stands for, Å: some miss. */
const reach = 60;
/** Greatest bytes of a row in any of the files. */
const rowBytes = 80;
const rowsOfBlock = 10_000;

/** Makes the series of the commands that take picks. */
export const tables = (points: readonly number[], context: SeriesContext): Series[] => [
  seriesOf("score", points, context, ({ truth, submission }) => [submission, "--truth", truth]),
  seriesOf("convert", points, context, ({ submission }) => [
    submission,
    join(context.folder, "picks.star"),
    ...["--spacing", String(challengeSpacing), "--size", challengeShape.join(","), "--overwrite"],
  ]),
];

interface Files {
  readonly truth: string;
  readonly submission: string;
}

function seriesOf(
  command: string,
  points: readonly number[],
  { folder, reporter }: SeriesContext,
  argumentsOf: (files: Files) => readonly string[],
): Series {
  return {
    axis: "picks",
    command,
    points,
    bytes: (rows) => 3 * rowBytes * rows,
    prepare: async (rows, signal) => {
      const files = await writeTables(folder, rows, signal);
      const args = argumentsOf(files);
      const read = await Promise.all(
        Object.values(files)
          .filter((file) => args.includes(file))
          .map(sizeOf),
      );
      return {
        facts: { threads: 1, rows },
        work: { bytes: read.reduce((a, b) => a + b, 0) },
        run: (signal) => runMeasured(command, args, reporter, signal),
        release: () => rm(join(folder, "picks.star"), { force: true }),
      };
    },
  };
}

const sizeOf = async (path: string): Promise<number> => (await stat(path)).size;

/** Writes a truth of so many particles, and a pick near each, row by row; nothing where both are there. */
async function writeTables(folder: string, rows: number, signal: AbortSignal): Promise<Files> {
  const files = { truth: join(folder, `truth-${rows}.csv`), submission: join(folder, `picks-${rows}.csv`) };
  if (existsSync(files.truth)) return files;
  const unfinished = `${files.truth}.part`;
  const [truth, submission] = await Promise.all([open(unfinished, "w"), open(files.submission, "w")]);
  try {
    for (const block of blocksOf(rows)) {
      signal.throwIfAborted();
      await Promise.all([truth.appendFile(block.truth), submission.appendFile(block.submission)]);
    }
  } finally {
    await Promise.all([truth.close(), submission.close()]);
  }
  await rename(unfinished, files.truth);
  return files;
}

/** Makes the text of both files, some rows at a time, the header first. */
function* blocksOf(rows: number): Generator<Files> {
  const random = randomFor(0, "bench/growth/picks");
  const header = `${submissionColumns.join(",")}\n`;
  let [truth, submission] = [header, header];
  for (let row = 0; row < rows; row++) {
    const type = challengeParticles[Math.floor(row / picksOfType) % challengeParticles.length]!.name;
    const run = Math.floor(row / (picksOfType * challengeParticles.length));
    const place = extent.map((length) => random.between(0, length));
    const head = `${row},TS_${run + 1},${type}`;
    truth += `${head},${place.map(written).join(",")}\n`;
    submission += `${head},${place.map((at) => written(at + random.between(-reach, reach))).join(",")}\n`;
    if ((row + 1) % rowsOfBlock === 0 || row === rows - 1) {
      yield { truth, submission };
      [truth, submission] = ["", ""];
    }
  }
}

/** Size of the challenge's tomograms along x, y, z, Å. */
const extent = challengeShape.map((size) => size * challengeSpacing).reverse();

const written = (value: number): string => String(Math.round(value * 100) / 100);
