/** Every command that writes files, on small inputs, for the campaigns of faults. */
import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tinyDataset, tinyExperiment } from "./tinyRun.js";

export const bin = fileURLToPath(new URL("../../bin/pickbench.js", import.meta.url));

/** Paths of the inputs. */
export interface Inputs {
  readonly folder: string;
  readonly data: string;
  readonly experiment: string;
  readonly search: string;
  readonly run: string;
  readonly checkpoint: string;
  readonly probabilities: string;
  readonly csv: string;
  readonly star: string;
  readonly mrc: string;
  readonly submissions: string;
}

interface WritingCommand {
  /** Arguments; everything is written below `out`. */
  readonly args: (inputs: Inputs, out: string) => readonly string[];
  /** The input that is made unreadable. */
  readonly input: keyof Inputs;
  /** Whether `out` holds copies of inputs that the command changes. */
  readonly prepare?: (inputs: Inputs, out: string) => Promise<void>;
}

const quick = ["--threads", "1"];

/** Every command that writes files, by name. */
export const writingCommands = {
  run: {
    input: "experiment",
    args: ({ experiment, data }, out) => [
      ...["run", experiment, "--data", data, "--out", join(out, "run")],
      ...["--submissions", join(out, "submissions"), ...quick],
    ],
  },
  train: {
    input: "data",
    args: ({ experiment, data }, out) => [
      ...["train", experiment, "--data", data, "--out", join(out, "run"), ...quick],
    ],
  },
  tune: {
    input: "data",
    prepare: ({ run }, out) => cp(run, join(out, "run"), { recursive: true }),
    args: ({ experiment, data }, out) => [
      ...["tune", experiment, "--data", data, "--out", join(out, "run"), ...quick],
    ],
  },
  search: {
    input: "search",
    args: ({ search, data }, out) => [
      ...["search", search, "--data", data, "--out", join(out, "search"), "--trials", "2", ...quick],
    ],
  },
  repeat: {
    input: "run",
    args: ({ run, data }, out) => ["repeat", run, "--data", data, "--out", join(out, "again")],
  },
  predict: {
    input: "checkpoint",
    args: ({ checkpoint, data }, out) => [
      ...["predict", checkpoint, "--data", data, "--runs", "TS_S1", "--out", join(out, "maps"), ...quick],
    ],
  },
  "predict as MRC": {
    input: "data",
    args: ({ checkpoint, data }, out) => [
      ...["predict", checkpoint, "--data", data, "--runs", "TS_S1", "--format", "mrc"],
      ...["--out", join(out, "maps"), ...quick],
    ],
  },
  submit: {
    input: "data",
    args: ({ checkpoint, data }, out) => [
      ...["submit", checkpoint, "--data", data, "--out", join(out, "submission.csv"), ...quick],
    ],
  },
  ensemble: {
    input: "checkpoint",
    args: ({ checkpoint, data }, out) => [
      ...["ensemble", checkpoint, checkpoint, "--data", data, "--tune", "TS_S3"],
      ...["--out", join(out, "both.safetensors"), ...quick],
    ],
  },
  export: {
    input: "checkpoint",
    args: ({ checkpoint }, out) => ["export", checkpoint, join(out, "model.onnx")],
  },
  pick: {
    input: "probabilities",
    args: ({ probabilities }, out) => [
      ...["pick", probabilities, "--threshold", "0.1", "--out", join(out, "picks")],
    ],
  },
  fuse: {
    input: "csv",
    args: ({ csv }, out) => ["fuse", csv, csv, "--votes", "1", "--out", join(out, "fused.csv")],
  },
  diagnose: {
    input: "csv",
    args: ({ csv, data }, out) => ["diagnose", csv, "--truth", data, "--out", join(out, "diagnosis.json")],
  },
  report: {
    input: "run",
    args: ({ run, data }, out) => ["report", run, "--data", data, "--out", join(out, "report.html")],
  },
  leaderboard: {
    input: "submissions",
    prepare: ({ submissions }, out) => cp(submissions, join(out, "submissions"), { recursive: true }),
    args: (_, out) => [
      ...["leaderboard", "--submissions", join(out, "submissions"), "--html", join(out, "page.html")],
    ],
  },
  open: {
    input: "data",
    args: ({ data }, out) => ["open", "TS_S1", "--data", data, "--out", join(out, "view")],
  },
  copick: {
    input: "data",
    args: ({ data }, out) => ["copick", "--data", data, "--out", join(out, "copick.json")],
  },
  "experiment new": {
    input: "folder",
    args: (_, out) => ["experiment", "new", join(out, "mine.yaml")],
  },
  convert: {
    input: "star",
    args: ({ star }, out) => ["convert", star, join(out, "picks.tbl")],
  },
  volume: {
    input: "mrc",
    args: ({ mrc }, out) => ["volume", mrc, join(out, "volume.zarr")],
  },
  "volume as MRC": {
    input: "mrc",
    args: ({ mrc }, out) => ["volume", mrc, join(out, "volume.mrc.gz")],
  },
  simulate: {
    input: "folder",
    args: (_, out) => [
      ...["simulate", "--out", join(out, "phantoms"), "--count", "1", "--size", "40,48,48", "--flat"],
      ...["--particles", "apo-ferritin=1", "--seed", "3", "--preview"],
    ],
  },
} as const satisfies Record<string, WritingCommand>;

export type WritingName = keyof typeof writingCommands;

const call = (...args: readonly string[]) =>
  execFileSync(process.execPath, [bin, ...args], { stdio: ["ignore", "ignore", "pipe"] });

/** Makes all inputs in a folder: trains, predicts, picks. All may be read by every user. */
export async function makeInputs(folder: string): Promise<Inputs> {
  await chmod(folder, 0o755);
  const at = (...names: string[]) => join(folder, ...names);
  const data = process.env.QUICKIN ? at("data") : await tinyDataset(folder);
  const experiment = await tinyExperiment(at("tiny.yaml"));
  const search = await tinyExperiment(at("search.yaml"), {
    search: { "optimiser.rate": { log: [1e-3, 1e-2] } },
  });
  const run = at("run");
  if (process.env.QUICKIN)
    return {
      ...{
        folder,
        data: at("data"),
        experiment: at("tiny.yaml"),
        search: at("search.yaml"),
        run,
        checkpoint: join(run, "best.safetensors"),
        star: at("star", "picks.star"),
        mrc: at("volume.mrc"),
      },
      submissions: at("submissions"),
      probabilities: at("maps"),
      csv: join(run, "submission.csv"),
    };
  const checkpoint = join(run, "best.safetensors");
  call(...["run", experiment, "--data", data, "--out", run, "--submissions", at("submissions")], ...quick);
  call(...writingCommands.predict.args({ checkpoint, data } as Inputs, folder));
  await mkdir(at("star"));
  const rows = Array.from({ length: 50 }, (_, row) => `TS_S1 ${row * 3} ${row + 4} ${row * 2} 1 2 3`);
  const columns = [
    "TomoName",
    "CoordinateX",
    "CoordinateY",
    "CoordinateZ",
    "AngleRot",
    "AngleTilt",
    "AnglePsi",
  ];
  const star = at("star", "picks.star");
  await writeFile(
    star,
    `data_particles\n\nloop_\n${columns.map((name, at) => `_rln${name} #${at + 1}\n`).join("")}${rows.join("\n")}\n`,
  );
  const store = join(data, "static", "ExperimentRuns", "TS_S1", "VoxelSpacing10.000", "denoised.zarr");
  const mrc = at("volume.mrc");
  call("volume", store, mrc);
  return {
    ...{ folder, data, experiment, search, run, checkpoint, star, mrc },
    submissions: at("submissions"),
    probabilities: at("maps"),
    csv: join(run, "submission.csv"),
  };
}
