/**
 * Which protocols of Scipion are steps here, and what their parameters are called. Names of protocols and parameters: the
 * plugins scipion-em-tomo, scipion-em-tomoviz, scipion-em-emantomo, scipion-em-pytom_tm and scipion-em-xmipp.
 */
import type { Field, Scalar } from "../schema.js";
import type { Parameter, Protocol } from "./project.js";

/** What a rule asks of a protocol; every parameter that it asks for counts as taken over. */
export interface Asking {
  /** A number, or a reference to a field. */
  number(name: string): Scalar | undefined;
  value(name: string): Scalar | undefined;
  /** References to what a parameter names. */
  inputs(name: string, what: string): string[];
  /** Says what is not taken over. */
  note(line: string): void;
  field(name: string, field: Field): string;
  of(name: string, id: string | undefined): Parameter | undefined;
  /** Protocols of a class whose parameter names this one. */
  followers(className: string, name: string): Protocol[];
  markRead(other: Protocol, ...names: string[]): void;
}

/** Returns the arguments of a step of a name. */
type Arguments = (
  asking: Asking,
  name: string,
) => Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;

/** How a class of protocols comes in. */
export type Rule =
  /** As a step; `out` names the argument that says where its output is. */
  | {
      readonly kind: "step";
      readonly run: string;
      readonly out: string;
      readonly arguments: Arguments;
    }
  /** As a field that is asked for: what it brings in from outside. */
  | {
      readonly kind: "source";
      readonly field: string;
      readonly describe: string;
      readonly reads: readonly string[];
    }
  /** As what it is made of, for the steps here do what it does themselves. */
  | { readonly kind: "same"; readonly of: string; readonly reads: readonly string[] };

const step = (run: string, out: string, given: Arguments): Rule => ({
  kind: "step",
  run,
  out,
  arguments: given,
});

const imports = ["filesPath", "filesPattern", "samplingRate"];
const data = "tomograms, as --data takes them";
const picks = "picks, as a submission's CSV or copick's";

/** Where a step writes that nobody names. */
const placeOf = (name: string): string => `picking/${name}`;

const matching = step("match", "out", (asking, name) => {
  const symmetry = asking.value("symmetry");
  return {
    template: asking.inputs("refVol", "a density map")[0] ?? askTemplate(asking),
    data: asking.inputs("inputTomograms", data)[0] ?? askData(asking),
    angles: asking.number("delta"),
    symmetry: typeof symmetry === "string" ? symmetry.toUpperCase() : undefined,
    out: placeOf(name),
  };
});

const pytomMatching = step("match", "out", (asking, name) => {
  const turns = asking.number("z_axis_rotational_symmetry");
  const [extraction] = asking.followers("ProtPytomExtractCoordinates", "inTmProtocol");
  const extracted = (parameter: string): Scalar | undefined => {
    if (extraction) asking.markRead(extraction, parameter, "inTmProtocol");
    const value = asking.of(parameter, extraction?.id);
    return typeof value === "number" ? value : undefined;
  };
  const diameter = extracted("particle_diameter");
  if (asking.value("invert_contrast") === false)
    asking.note("the template is as dark as the tomogram; give one in which dense matter is positive");
  return {
    template: asking.inputs("reference", "a density map")[0] ?? askTemplate(asking),
    data: asking.inputs("inTomos", data)[0] ?? askData(asking),
    mask: asking.inputs("mask", "weights in the template's box")[0],
    within: manyOrNone(asking.inputs("tomoMasks", "masks of where to search")),
    angles: asking.number("angular_search"),
    symmetry: typeof turns === "number" && turns > 1 ? `C${turns}` : undefined,
    "low-pass": asking.number("low_pass"),
    "high-pass": asking.number("high_pass"),
    whiten: asking.value("spectral_whitening") === true ? true : undefined,
    "false-positives": extracted("number_false_positives"),
    "min-spacing": typeof diameter === "number" ? diameter / 2 : undefined,
    out: placeOf(name),
  };
});

const consensus = step("fuse", "out", (asking, name) => {
  const from = asking.inputs("inputCoordinates", picks);
  const votes = asking.number("consensus");
  const radius = asking.number("consensusRadius");
  if (asking.value("mode") === 1)
    asking.note("mode 1 keeps exactly so many votes; here it is at least so many");
  asking.note(
    `consensusRadius ${radius ?? 10} is in voxels; here the radius is a share of the particle's, the field radius`,
  );
  return {
    picks: from,
    votes: votes === undefined || (typeof votes === "number" && votes < 1) ? from.length : votes,
    radius: asking.field("radius", {
      type: "number",
      default: 0.5,
      describe: "picks within this share of the particle's radius are one particle",
    }),
    out: placeOf(name),
  };
});

const masking = step("context", "out", (asking, name) => {
  const label = asking.number("segmentationLabel");
  const feature = asking.field("feature", {
    type: "string",
    describe: "name of the feature in the masks' files or channels, in which picks are kept",
  });
  if (typeof label === "number" && label >= 0)
    asking.note(`segmentationLabel ${label}: give the mask of that label alone`);
  return {
    picks: asking.inputs("inputCoordinates", picks)[0],
    maps: asking.inputs("inputSegmentations", "masks"),
    distance: [`${feature}:0.5`],
    where: `distance.${feature} < 0`,
    out: placeOf(name),
  };
});

const exporting = step("convert", "to", (asking, name) => {
  asking.note(
    `outputFormat ${JSON.stringify(asking.value("outputFormat") ?? 0)} counts what its plugins can; here the field export_format names it`,
  );
  return {
    from: asking.inputs("inputCoordinates", picks)[0],
    to: placeOf(name),
    "to-format": asking.field("export_format", {
      type: "choice",
      choices: ["relion4", "relion5", "eman2", "dynamo", "cbox", "coords"],
      default: "relion4",
      describe: "format of the exported positions",
    }),
  };
});

const importing = step("convert", "to", (asking, name) => {
  const pattern = asking.value("filesPattern");
  asking.inputs("importTomograms", data);
  const given = asking.value("filesPath");
  const isPath = typeof given === "string" && given !== "" && !given.includes("%(");
  return {
    from:
      isPath && given.startsWith("${")
        ? given
        : asking.field("coordinates", {
            type: "path",
            describe: `files of positions${pattern ? `, ${pattern}` : ""}`,
            ...(isPath ? { default: given } : {}),
          }),
    to: placeOf(name),
    "to-format": "copick",
    spacing: asking.number("samplingRate"),
    type: asking.field("particle", {
      type: "string",
      describe: "type of the particles whose positions are read",
    }),
  };
});

/** Rules by the names of classes. */
export const rules: Readonly<Record<string, Rule>> = {
  EmanProtTemplateMatching: matching,
  ProtPytomTemplateMatching: pytomMatching,
  ProtPytomExtractCoordinates: { kind: "same", of: "inTmProtocol", reads: ["inTmProtocol"] },
  ProtTomoConsensusPicking: consensus,
  ProtMaskCoordinates: masking,
  ProtExportCoordinates3D: exporting,
  ProtImportCoordinates3D: importing,
  ProtImportTomograms: { kind: "source", field: "tomograms", describe: data, reads: imports },
  ProtImportTomomasks: { kind: "source", field: "masks", describe: "masks of tomograms", reads: imports },
  ProtImportVolumes: {
    kind: "source",
    field: "template",
    describe: "a density map, dense is positive",
    reads: [...imports, "emdbId"],
  },
  XmippProtCropResizeVolumes: {
    kind: "same",
    of: "inputVolumes",
    reads: ["doResize", "resizeOption", "resizeSamplingRate", "resizeFactor", "inputVolumes"],
  },
};

const manyOrNone = (list: string[]): string[] | undefined => (list.length === 0 ? undefined : list);

const askTemplate = (asking: Asking): string =>
  asking.field("template", { type: "path", describe: "a density map, dense is positive" });

const askData = (asking: Asking): string => asking.field("tomograms", { type: "path", describe: data });
