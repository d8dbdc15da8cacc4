import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { catalogueOf } from "../../src/commands/automate/catalogue.js";
import { table } from "../../src/commands/table.js";
import { imported } from "../../src/workflow/scipion/importing.js";
import { readScipion } from "../../src/workflow/scipion/project.js";
import { checkWorkflow } from "../../src/workflow/workflow.js";
import { formatsFolder } from "../support/shared.js";
import { temporaryFolder } from "../support/storeFixtures.js";

const protocol = (id: string, className: string, parameters: object = {}) => ({
  ...{ "object.className": className, "object.id": id, "object.label": `plugin - ${className}` },
  ...{ "object.comment": "", _useQueue: false, _prerequisites: "", _queueParams: null },
  ...{ runName: null, runMode: 0, ...parameters },
});

async function read(list: unknown, before = "") {
  const path = join(temporaryFolder(), "w.json");
  await writeFile(path, `${before}${typeof list === "string" ? list : JSON.stringify(list, null, 4)}`);
  return imported(path, await readScipion(path));
}

const catalogue = catalogueOf(table);
const contentOf = async (yaml: string) => {
  const content = parse(yaml);
  await checkWorkflow(content, "w.yaml", catalogue);
  return content;
};

describe("a workflow of Scipion", () => {
  test("whose protocols stand for one another in a circle asks for what they would be", async () => {
    const { yaml } = await read([
      protocol("1", "XmippProtCropResizeVolumes", { inputVolumes: "2.outputVol" }),
      protocol("2", "XmippProtCropResizeVolumes", { inputVolumes: "3.outputVol" }),
      protocol("3", "XmippProtCropResizeVolumes", { inputVolumes: "1.outputVol" }),
      protocol("4", "ProtPytomTemplateMatching", { inTomos: "9.Tomograms", reference: "1.outputVol" }),
    ]);
    const { fields, steps } = await contentOf(yaml);
    expect([Object.keys(fields), Object.values<{ with: object }>(steps)[0]!.with]).toEqual([
      ["outputvol_3", "tomograms_9"],
      expect.objectContaining({ template: expect.stringMatching(/^\$\{outputvol_3\}$/) }),
    ]);
  });

  test("with more steps than a workflow may have is refused before they are made", async () => {
    const many = Array.from({ length: 1001 }, (_, at) => protocol(`${at}`, "ProtTomoConsensusPicking"));
    await expect(read(many)).rejects.toThrow(/1,001 of its protocols would be steps, wanted at most 1,000/);
  });

  test("comes in as steps with the parameters that there are here, and names the others", async () => {
    const { yaml, steps, leftOut, notes } = await read([
      protocol("1", "ProtImportTomograms", { filesPath: "/data", filesPattern: "*.mrc", samplingRate: 10 }),
      protocol("2", "ProtImportVolumes", { filesPath: null, emdbId: 3418 }),
      protocol("3", "XmippProtCropResizeVolumes", { inputVolumes: "2.outputVolume", doResize: true }),
      protocol("4", "ProtPytomTemplateMatching", {
        ...{ inTomos: "1.Tomograms", reference: "3.outputVol", angular_search: 7, low_pass: 40 },
        ...{ z_axis_rotational_symmetry: 4, spectral_whitening: true, random_phase_correction: true },
      }),
      protocol("5", "ProtPytomExtractCoordinates", {
        ...{ inTmProtocol: "4", number_false_positives: 2, particle_diameter: 300, number_of_particles: 99 },
      }),
      protocol("6", "Topaz3D", { inputTomograms: "1.Tomograms" }),
      protocol("7", "ProtTomoConsensusPicking", {
        ...{
          inputCoordinates: ["5.coordinates", "6.Coordinates"],
          consensusRadius: 9,
          consensus: -1,
          mode: 0,
        },
        ...{ _useQueue: true, _prerequisites: "4" },
      }),
      protocol("8", "ProtMaskCoordinates", {
        ...{
          inputCoordinates: "7.consensusCoordinates",
          inputSegmentations: "9.tomoMasks",
          segmentationLabel: -1,
        },
      }),
      protocol("9", "ProtImportTomomasks"),
      protocol("10", "ProtExportCoordinates3D", { inputCoordinates: "8.Coordinates" }),
    ]);
    const content = await contentOf(yaml);
    expect(content.steps).toEqual({
      protpytomtemplatematching: {
        ...{ run: "match", describe: "plugin - ProtPytomTemplateMatching" },
        with: {
          ...{ template: `\${template}`, data: `\${tomograms}`, angles: 7, symmetry: "C4", "low-pass": 40 },
          ...{ whiten: true, "false-positives": 2, "min-spacing": 150 },
          out: "picking/protpytomtemplatematching",
        },
      },
      prottomoconsensuspicking: {
        ...{ run: "fuse", describe: "plugin - ProtTomoConsensusPicking", queue: true },
        after: ["protpytomtemplatematching"],
        with: {
          picks: [`\${steps.protpytomtemplatematching.out}`, `\${coordinates_6}`],
          ...{ votes: 2, radius: `\${radius}`, out: "picking/prottomoconsensuspicking" },
        },
      },
      protmaskcoordinates: {
        ...{ run: "context", describe: "plugin - ProtMaskCoordinates" },
        with: {
          ...{ picks: `\${steps.prottomoconsensuspicking.out}`, maps: [`\${masks}`] },
          ...{ distance: [`\${feature}:0.5`], where: `distance.\${feature} < 0` },
          out: "picking/protmaskcoordinates",
        },
      },
      protexportcoordinates3d: {
        ...{ run: "convert", describe: "plugin - ProtExportCoordinates3D" },
        with: {
          from: `\${steps.protmaskcoordinates.out}`,
          ...{ to: "picking/protexportcoordinates3d", "to-format": `\${export_format}` },
        },
      },
    });
    expect(content.fields.tomograms).toEqual({
      ...{ type: "path", default: "/data" },
      describe:
        "tomograms, as --data takes them; plugin - ProtImportTomograms; filesPattern *.mrc; samplingRate 10",
    });
    expect(steps.map(({ name }) => name)).toHaveLength(4);
    expect(leftOut).toEqual(["6 plugin - Topaz3D (Topaz3D)"]);
    expect(notes.join("\n")).toContain("4 plugin - ProtPytomTemplateMatching: random_phase_correction true");
    expect(notes.join("\n")).toContain("5 plugin - ProtPytomExtractCoordinates: number_of_particles 99");
    for (const line of [...leftOut, ...notes]) expect(yaml).toContain(`#   ${line}\n`);
  });

  test("that is a template asks for its fields, by their types, without the environment", async () => {
    const { yaml } = await read(
      [
        protocol("1", "EmanProtTemplateMatching", {
          ...{ refVol: "2.outputVolume", inputTomograms: "3.Tomograms" },
          delta: "~Degrees between orientations|15|4|step~",
        }),
        protocol("2", "ProtImportVolumes", {
          filesPath: "~Reference|%(SCIPION_TESTS)s/ref.mrc|2|reference~",
        }),
      ],
      "What it does.\nWith a second line.\n",
    );
    const content = await contentOf(yaml);
    expect(content.description).toBe("What it does. With a second line.");
    expect(content.fields).toEqual({
      reference: { type: "path", describe: "Reference" },
      tomograms_3: {
        type: "path",
        describe:
          "tomograms, as --data takes them: Tomograms of a protocol 3 that is not there, which is made elsewhere",
      },
      step: { type: "number", describe: "Degrees between orientations", default: 15 },
    });
    expect(content.steps.emanprottemplatematching).toMatchObject({
      run: "match",
      with: { template: `\${reference}`, angles: `\${step}` },
    });
  });

  test("brings no lines, keys or references of its own", async () => {
    const { yaml } = await read([
      {
        ...protocol("1", "EmanProtTemplateMatching", {
          ...{ symmetry: `\${env.HOME}`, other: "x\nsteps: {}" },
          ...{ refVol: "2.v", inputTomograms: "2.t" },
        }),
        "object.label": "a\n# b\nrun: rm",
      },
    ]);
    const content = await contentOf(yaml);
    const [[name, step]] = Object.entries<{ with: { symmetry: string } }>(content.steps) as [
      [string, { with: { symmetry: string } }],
    ];
    expect(name).toMatch(/^[a-z0-9-]+$/);
    expect(step.with.symmetry).toBe(`$\${ENV.HOME}`);
    expect(yaml.split("\n").filter((line) => /^steps:/.test(line))).toHaveLength(1);
  });

  test.each<[string, unknown, RegExp]>([
    ["no list", '{"a": 1}', /it has no list of protocols/],
    ["broken JSON", "[{", /its list of protocols is/],
    ["protocols without a class", [{ "object.id": "1" }], /0\.object\.className/],
    ["an id twice", [protocol("1", "A"), protocol("1", "B")], /two protocols have the id "1"/],
    [
      "nothing that is a step here",
      [protocol("1", "ProtMotionCorr")],
      /none of its 1 protocols is a step of pickbench \(ProtMotionCorr\)/,
    ],
  ])("with %s is refused", async (_, list, expected) => {
    await expect(read(list)).rejects.toThrow(expected);
  });
});

const real = join(formatsFolder, "scipion");
describe.skipIf(!existsSync(real))("real templates (test data of scipion-em-tomo)", () => {
  test("three pickers and their consensus: matching and consensus come in, the rest is named", async () => {
    const path = join(real, "tutorial_nonOrientedPicking_ribosome.json.template");
    const { yaml, steps, leftOut, protocols } = imported(path, await readScipion(path));
    const content = await contentOf(yaml);
    expect(protocols).toBe(19);
    expect(steps.map(({ protocol: from }) => from.split(" ")[0])).toEqual(["1675", "2389"]);
    expect(leftOut).toHaveLength(15);
    expect(content.steps["template-matching-picking"].with).toMatchObject({ angles: 30, symmetry: "C1" });
    expect(content.steps["picking-consensus"].with).toMatchObject({ votes: 3 });
    expect(content.steps["picking-consensus"].with.picks).toHaveLength(3);
  });

  test("what makes tomograms alone has nothing to bring in", async () => {
    const path = join(real, "202601_Streaming_Chlamy.json.template");
    const workflow = await readScipion(path);
    expect(workflow.protocols).toHaveLength(9);
    expect(() => imported(path, workflow)).toThrow("none of its 9 protocols is a step of pickbench");
  });
});
