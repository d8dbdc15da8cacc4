/** RELION's STAR files of particles, versions 3 to 5, and those of Ais: one format a dialect. */
import { allOfTables, type PositionFormat, wholeOf } from "../format.js";
import type { FrameName, PositionSet } from "../frames.js";
import { centredColumns, pixelColumns } from "./relionColumns.js";
import { readRelion } from "./relionRead.js";
import { beginRelion, type Dialect } from "./relionWrite.js";

interface NamedDialect extends Dialect {
  readonly name: string;
  readonly title: string;
  readonly frame: FrameName;
  readonly recognises: (bytes: Buffer) => boolean;
}

const has = (bytes: Buffer, ...names: string[]): boolean => names.every((name) => bytes.includes(name));

function dialect(given: NamedDialect): PositionFormat {
  const begin = (sets: readonly PositionSet[]) => beginRelion(given, sets);
  return {
    name: given.name,
    title: given.title,
    extensions: [".star"],
    carries: allOfTables,
    extra: ["star"],
    recognises: (bytes) => has(bytes, "data_") && given.recognises(bytes),
    read: readRelion,
    frames: [given.frame],
    write: wholeOf(begin),
    begin,
  };
}

export const relion3 = dialect({
  name: "relion3",
  title: "a RELION 3 STAR file",
  frame: "voxel",
  coordinates: pixelColumns,
  run: "rlnMicrographName",
  score: "rlnAutopickFigureOfMerit",
  block: "",
  pixel: "column",
  recognises: (bytes) => has(bytes, "_rlnCoordinateX") || has(bytes, "_wrpCoordinateX"),
});

export const relion4 = dialect({
  name: "relion4",
  title: "a RELION 4 STAR file",
  frame: "voxel",
  coordinates: pixelColumns,
  run: "rlnTomoName",
  score: "rlnAutopickFigureOfMerit",
  block: "particles",
  pixel: "optics",
  recognises: (bytes) => has(bytes, "_rlnCoordinateX", "_rlnOpticsGroup"),
});

export const relion5 = dialect({
  name: "relion5",
  title: "a RELION 5 STAR file",
  frame: "angstrom-centred",
  coordinates: centredColumns,
  run: "rlnTomoName",
  score: "rlnAutopickFigureOfMerit",
  block: "particles",
  pixel: "optics",
  recognises: (bytes) => has(bytes, "_rlnCenteredCoordinateXAngst"),
});

export const ais = dialect({
  name: "ais",
  title: "an Ais coordinate STAR file",
  frame: "voxel",
  coordinates: pixelColumns,
  run: "rlnMicrographName",
  score: "aisParticleSize",
  block: "particles",
  pixel: "nowhere",
  recognises: (bytes) => has(bytes, "_rlnCoordinateX", "_aisParticle"),
});
