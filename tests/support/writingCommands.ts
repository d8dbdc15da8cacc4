/** Every command that writes files, on small inputs, for the campaigns of faults. */
import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeScnmGroup } from "../../src/formats/ais/scnm.js";
import { startServer, treeOf } from "./badServer.js";
import { goodToken, startKaggle } from "./kaggleServer.js";
import { scnmOf, smallUnet } from "./kerasModels.js";
import { startPortal } from "./portalServer.js";
import { allowTiny, tinyDataset, tinyExperiment } from "./tinyRun.js";

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
  /** A group of two of Ais's models. */
  readonly aisGroup: string;
  /** A feature set of the ready maps. */
  readonly featureSet: string;
  readonly submissions: string;
  /** A survey of the data set. */
  readonly survey: string;
  /** Flags by which the network of the checkpoint is run. */
  readonly code: readonly string[];
  /** Address of a portal's API. */
  readonly api: string;
  /** Ends the servers. */
  close(): Promise<void>;
}

interface WritingCommand {
  /** Arguments; everything is written below `out`. */
  readonly args: (inputs: Inputs, out: string) => readonly string[];
  /** The input that is made unreadable. */
  readonly input: Exclude<keyof Inputs, "code" | "api" | "close">;
  /** Whether `out` holds copies of inputs that the command changes. */
  readonly prepare?: (inputs: Inputs, out: string) => Promise<void>;
}

/** Counts that find room in a small volume. */
const onlyOne =
  "apo-ferritin=1,beta-amylase=0,beta-galactosidase=0,ribosome=0,thyroglobulin=0,virus-like-particle=0";

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
    args: ({ run, data, code }, out) => ["repeat", run, "--data", data, "--out", join(out, "again"), ...code],
  },
  compare: {
    input: "experiment",
    args: ({ experiment, data }, out) => [
      ...["compare", "plain", "eman2", "--experiment", experiment, "--set", "predict.tile=[16,32,32]"],
      ...["--data", data, "--out", join(out, "compare"), "--submissions", join(out, "submissions"), ...quick],
    ],
  },
  quickstart: {
    input: "folder",
    args: (_, out) => ["quickstart", "--out", join(out, "quickstart"), "--budget", "2 steps"],
  },
  bench: {
    input: "folder",
    args: (_, out) => [
      ...["bench", "score", "--steps", "1", "--no-peers", "--history", join(out, "history.jsonl")],
    ],
  },
  fetch: {
    input: "folder",
    args: (_, out) => ["fetch", "s3://data-bucket", "--out", join(out, "data")],
  },
  "fetch czii": {
    input: "folder",
    args: (_, out) => ["fetch", "czii", "--from", "kaggle", "--out", join(out, "czii")],
  },
  "portal get": {
    input: "folder",
    args: ({ api }, out) => ["portal", "get", "10440", "--api", api, "--out", join(out, "data")],
  },
  predict: {
    input: "checkpoint",
    args: ({ checkpoint, data, code }, out) => [
      ...["predict", checkpoint, "--data", data, "--runs", "TS_S1", "--out", join(out, "maps")],
      ...[...quick, ...code],
    ],
  },
  "predict as MRC": {
    input: "data",
    args: ({ checkpoint, data, code }, out) => [
      ...["predict", checkpoint, "--data", data, "--runs", "TS_S1", "--format", "mrc"],
      ...["--out", join(out, "maps"), ...quick, ...code],
    ],
  },
  submit: {
    input: "data",
    args: ({ checkpoint, data, code }, out) => [
      ...["submit", checkpoint, "--data", data, "--out", join(out, "submission.csv")],
      ...[...quick, ...code],
    ],
  },
  ensemble: {
    input: "checkpoint",
    args: ({ checkpoint, data, code }, out) => [
      ...["ensemble", checkpoint, checkpoint, "--data", data, "--tune", "TS_S3"],
      ...["--out", join(out, "both.safetensors"), ...quick, ...code],
    ],
  },
  import: {
    input: "aisGroup",
    args: ({ aisGroup }, out) => ["import", aisGroup, "--out", join(out, "models")],
  },
  segment: {
    input: "probabilities",
    args: ({ featureSet }, out) => ["segment", featureSet, "--labels", "--out", join(out, "segmented")],
  },
  export: {
    input: "checkpoint",
    args: ({ checkpoint, code }, out) => ["export", checkpoint, join(out, "model.onnx"), ...code],
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
  log: {
    input: "run",
    args: ({ run }, out) => ["log", run, "--to", "csv", "--out", out],
  },
  leaderboard: {
    input: "folder",
    prepare: ({ submissions }, out) => cp(submissions, join(out, "submissions"), { recursive: true }),
    args: (_, out) => [
      ...["leaderboard", "--submissions", join(out, "submissions"), "--html", join(out, "page.html")],
    ],
  },
  trace: {
    input: "csv",
    args: ({ csv }, out) => [
      ...["trace", csv, "--svg", join(out, "chain.svg"), "--script", join(out, "again.sh")],
    ],
  },
  cite: {
    input: "csv",
    args: ({ csv }, out) => ["cite", csv, "--out", join(out, "methods.bib")],
  },
  manifest: {
    input: "folder",
    prepare: ({ data }, out) => cp(data, join(out, "data"), { recursive: true }),
    args: (_, out) => [
      "manifest",
      "--data",
      join(out, "data"),
      "--license",
      "CC0-1.0",
      "--creator",
      "A. Name",
    ],
  },
  "survey build": {
    input: "data",
    args: ({ data }, out) => ["survey", "build", "--data", data, "--out", join(out, "survey"), ...quick],
  },
  "survey export": {
    input: "folder",
    prepare: ({ survey }, out) => cp(survey, join(out, "survey"), { recursive: true }),
    args: (_, out) => [...["survey", "export", join(out, "summary.star"), "--survey", join(out, "survey")]],
  },
  "survey subset": {
    input: "folder",
    prepare: ({ survey }, out) => cp(survey, join(out, "survey"), { recursive: true }),
    args: (_, out) => ["survey", "subset", "all", "--where", "shape.z > 0", "--survey", join(out, "survey")],
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
    input: "data",
    args: ({ data }, out) => ["experiment", "new", join(out, "mine.yaml"), "--data", data],
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
      ...["simulate", "--out", join(out, "phantoms"), "--count", "1", "--size", "40,64,64", "--flat"],
      ...["--particles", onlyOne, "--seed", "3", "--preview"],
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
  const data = await tinyDataset(folder);
  const experiment = await tinyExperiment(at("tiny.yaml"));
  const search = await tinyExperiment(at("search.yaml"), {
    search: { "optimiser.rate": { log: [1e-3, 1e-2] } },
  });
  const run = at("run");
  const star = at("star", "picks.star");
  await mkdir(at("star"));
  await writeFile(star, starText());
  await writeFile(at("cell.scnmgroup"), await groupText());
  await writeFile(at("features.yaml"), setText);
  const bucket = await startServer(
    new Map([...treeOf(data)].map(([name, content]) => [`data-bucket/${name}`, content])),
  );
  process.env.AWS_ENDPOINT_URL_S3 = bucket.url;
  const kaggle = await startKaggle(
    new Map([...treeOf(data)].map(([name, content]) => [`train/${name}`, content])),
    { perPage: 200 },
  );
  process.env.PICKBENCH_TEST_KAGGLE = kaggle.url;
  process.env.KAGGLE_API_TOKEN = goodToken;
  const written = {
    ...{ folder, data, experiment, search, run, star },
    checkpoint: join(run, "best.safetensors"),
    mrc: at("volume.mrc"),
    aisGroup: at("cell.scnmgroup"),
    featureSet: at("features.yaml"),
    submissions: at("submissions"),
    survey: at("survey"),
    probabilities: at("maps"),
    csv: join(run, "submission.csv"),
    code: allowTiny(folder),
  };
  call(...["run", experiment, "--data", data, "--out", run, "--submissions", at("submissions")], ...quick);
  const code = written.code;
  call(
    "predict",
    written.checkpoint,
    "--data",
    data,
    "--runs",
    "TS_S1",
    "--out",
    at("maps"),
    ...quick,
    ...code,
  );
  call("survey", "build", "--data", data, "--out", written.survey, ...quick);
  const portal = await startPortal(at("maps", "TS_S1.zarr"));
  const store = join(data, "static", "ExperimentRuns", "TS_S1", "VoxelSpacing10.000", "denoised.zarr");
  call("volume", store, written.mrc);
  return {
    ...written,
    api: portal.api,
    close: async () => {
      await Promise.all([bucket.close(), kaggle.close(), portal.close()]);
    },
  };
}

const setText = `features:
  - { name: apo-ferritin, maps: maps, emit: true }
  - { name: ribosome, maps: maps, absorb: true }
interactions: [{ feature: apo-ferritin, type: avoid, with: ribosome, radius: 40, threshold: 0.1 }]
`;

/** Two models of Ais, of three slices and of one. */
async function groupText(): Promise<Buffer> {
  const models = await Promise.all(
    ["membrane", "ribosome"].map((title, at) =>
      scnmOf(smallUnet(3 - 2 * at), { title, model_depth: 3 - 2 * at }),
    ),
  );
  return encodeScnmGroup("cell", models);
}

/** Fifty positions as RELION 3 writes them. */
function starText(): string {
  const columns = [
    "TomoName",
    "CoordinateX",
    "CoordinateY",
    "CoordinateZ",
    "AngleRot",
    "AngleTilt",
    "AnglePsi",
  ];
  const heads = columns.map((name, at) => `_rln${name} #${at + 1}\n`).join("");
  const rows = Array.from({ length: 50 }, (_, row) => `TS_S1 ${row * 3} ${row + 4} ${row * 2} 1 2 3\n`);
  return `data_particles\n\nloop_\n${heads}${rows.join("")}\n`;
}
