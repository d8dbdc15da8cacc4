/** The data that a chain began with: what they are, and the works that they are cited by. */
import { readdirSync } from "node:fs";
import type { RunRecord } from "../../domain/record.js";
import { plural } from "../../present/text.js";
import { withoutHome } from "../../system/paths/home.js";
import { ownVersion } from "../../system/version.js";
import type { Chain, ChainNode } from "../chain.js";
import { shortHash } from "../words.js";
import type { Cited } from "./bibtex.js";
import { workOf } from "./catalogue.js";
import { entryOf } from "./entry.js";
import type { Facts, GivenCommand } from "./facts.js";
import { publicationsIn } from "./publications.js";

/** Data on a chain. */
export interface DataSet {
  /** A sentence without its full stop. */
  readonly said: string;
  readonly cited: readonly Cited[];
}

/** Returns what data a chain began with, from its commands and its raw folders. */
export async function dataSetsOf(chain: Chain, facts: Facts): Promise<DataSet[]> {
  const made = facts.commands.flatMap(ofCommand);
  const names = facts.trainings.flatMap(({ record }) => runsOf(record));
  const isChallenges = names.length > 0 && names.every((name) => challengeRuns.includes(name));
  const data = chain.nodes.filter((node) => isData(node, chain));
  const raw = data.filter(({ makers }) => makers.length === 0);
  const published = (await Promise.all(data.map(({ path }) => publicationsIn(path)))).flat();
  const credited = facts.credits.length > 0 ? [densitiesOf(knownDensities)] : [];
  return [
    ...made,
    ...(isChallenges && made.length === 0 ? [challenge] : []),
    ...raw.map(rawData),
    ...credited,
    ...(published.length > 0 ? [{ said: "Annotations were published", cited: published }] : []),
  ];
}

function runsOf(record: RunRecord | undefined): string[] {
  if (record === undefined) return [];
  const { train, tune, holdout } = record.runs;
  return [...train, ...tune, ...holdout];
}

/** The challenge's training tomograms, which are dataset 10440 of the Data Portal. */
const challengeRuns = ["TS_5_4", "TS_69_2", "TS_6_4", "TS_6_6", "TS_73_6", "TS_86_3", "TS_99_9"];

const cite = (key: string, use: string): Cited => ({ entry: workOf(key), uses: [use] });

const challenge: DataSet = {
  said: "The tomograms are those of the CZII challenge, by the names of their runs (dataset 10440 of the CryoET Data Portal)",
  cited: [
    cite("peck2025phantom", "the challenge's data"),
    cite("ermel2024portal", "CryoET Data Portal"),
    portalEntry("10440"),
  ],
};

function portalEntry(number: string): Cited {
  const entry = entryOf({
    ...{ key: `portal${number}`, author: "{CryoET Data Portal}", title: `Dataset ${number}` },
    url: `https://cryoetdataportal.czscience.com/datasets/${number}`,
  });
  return { entry, uses: [`dataset ${number} of the CryoET Data Portal`] };
}

function ofCommand({ words, flags }: GivenCommand): DataSet[] {
  const [command, first = "", second = ""] = words;
  if (command === "simulate") return [simulated(flags)];
  if (command === "quickstart")
    return [{ said: "The tomograms were simulated by pickbench quickstart", cited: [ownWork] }];
  if (command === "fetch" && first === "czii")
    return [
      {
        said: "The tomograms are those of the CZII challenge",
        cited: [cite("czii2024challenge", "the challenge's data")],
      },
    ];
  if (command === "fetch") return [{ said: `Data were fetched from ${first}`, cited: [] }];
  if (command !== "portal" || first !== "get") return [];
  const number = /^\d+$/.test(second) ? second : undefined;
  return [
    {
      said: `The tomograms are of dataset ${second} of the CryoET Data Portal`,
      cited: number === undefined ? [] : [portalEntry(number)],
    },
  ];
}

/** pickbench itself, as what simulated. */
const ownWork: Cited = {
  entry: entryOf({
    ...{ key: "pickbench", author: "{pickbench contributors}", title: "pickbench" },
    note: `version ${ownVersion()}`,
  }),
  uses: ["simulated tomograms"],
};

function simulated(flags: ReadonlyMap<string, string>): DataSet {
  const size = flags.get("size") ?? "96,256,256";
  const scene = flags.get("scene") === "cell" ? "cells" : "solutions";
  const count = flags.get("count") ?? flags.get("runs") ?? "5";
  const densities = flags.get("densities");
  const maps = densities === undefined ? undefined : densitiesOf(densitiesIn(densities));
  return {
    said: `${plural(Number(count), "tomogram")} of ${size.replaceAll(",", "×")} voxels along z, y, x, simulated with pickbench: ${scene}, seed ${flags.get("seed") ?? "0"}, of ${maps ? "density maps" : "built-in shapes"}`,
    cited: [ownWork, ...(maps?.cited ?? [])],
  };
}

/** Protein Data Bank entries of which maps come along. */
const knownDensities = ["8cpv", "1fa2", "6drv", "6qzp", "7n4y", "6n4v", "8vaf"];

/** Returns the entries whose maps lie in a folder, by the files' names; those that come along, where it is gone. */
function densitiesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).map((name) => name.slice(0, 4).toLowerCase());
    return knownDensities.filter((id) => names.includes(id));
  } catch {
    return knownDensities;
  }
}

function densitiesOf(ids: readonly string[]): DataSet {
  const entries = ids.map((id): Cited => {
    const entry = entryOf({
      ...{ key: `pdb${id}`, author: "{Worldwide Protein Data Bank}", doi: `10.2210/pdb${id}/pdb` },
      title: `{PDB} entry ${id.toUpperCase()}`,
    });
    return { entry, uses: ["a density map to simulate with"] };
  });
  return {
    said: `Density maps were computed from the Protein Data Bank's entries ${ids.join(", ")}`,
    cited: [...entries, cite("polnetsynaptic", "density maps")],
  };
}

/** A folder that a step reads as its data set. */
const isData = ({ id, kind }: ChainNode, { steps }: Chain): boolean =>
  kind === "folder" &&
  steps.some(({ inputs }) => inputs.some(({ node, option }) => node === id && option === "data"));

function rawData({ path, sha256 }: ChainNode): DataSet {
  const hash = sha256 ? `, SHA-256 ${shortHash(sha256)}…` : "";
  return {
    said: `Data: ${withoutHome(path)}${hash}; name their source and cite it`,
    cited: [],
  };
}
