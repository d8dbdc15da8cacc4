import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import type { ConvertOptions } from "../../../src/formats/positions/asked.js";
import { formatToWrite, namedFormat, recognise } from "../../../src/formats/positions/catalogue.js";
import { convertPositions } from "../../../src/formats/positions/convert.js";
import type { PositionSet } from "../../../src/formats/positions/frames.js";

describe("the format of a file to write, by its ending", () => {
  test.each([
    [
      "a.star",
      "relion5",
      "written as a RELION 5 STAR file; --to-format takes stopgap, ais, relion4, relion3 too",
    ],
    ["a.csv", "challenge", "written as the challenge's CSV; --to-format takes csv too"],
    ["a.json", "copick", "written as a copick file of picks; --to-format takes eman2 too"],
    ["a.tbl", "dynamo", undefined],
    ["a.CBOX", "cbox", undefined],
  ])("%s is %s", (path, name, note) => {
    const { format, notes } = formatToWrite(path, () => undefined);
    expect(format.name).toBe(name);
    expect(notes).toEqual(note === undefined ? [] : [note]);
  });

  test("a CSV that cannot be the challenge's is a table; an unknown ending is asked about", () => {
    const chosen = formatToWrite("a.csv", ({ name }) =>
      name === "challenge" ? "it names no run" : undefined,
    );
    expect(chosen.format.name).toBe("csv");
    expect(chosen.notes).toEqual(["written as a CSV table; --to-format takes challenge too"]);
    expect(() => formatToWrite("a.pdb", () => undefined)).toThrow("does not say which format to write");
    expect(() => formatToWrite("a.star", () => "it needs a size; give --size")).toThrow(
      "it needs a size; give --size; or give --to-format stopgap or ais or relion5 or relion4 or relion3",
    );
  });
});

describe("boxes", () => {
  const set: PositionSet = {
    run: "T",
    frame: "voxel",
    pixel: angstrom(10),
    positions: [
      { at: [50, 60, 70], type: "ribosome" },
      { at: [80, 60, 70], type: "apo-ferritin", box: [8, 8, 8] },
    ],
  };
  const cbox = namedFormat("to", "cbox");
  const boxesOf = (options: ConvertOptions, from: PositionSet = set) => {
    const { sets, notes } = convertPositions([{ path: "a", sets: [from] }], cbox, options);
    return {
      notes,
      boxes: sets[0]!.positions.map(({ box }) => box?.[0]),
      write: () => cbox.write(sets, options),
    };
  };

  test("are twice the particle's radius where it is known, and it is said", () => {
    const { boxes, notes } = boxesOf({});
    expect(boxes).toEqual([30, 8]);
    expect(notes).toContain(
      "boxes of ribosome have an edge of 30 voxels, twice the radius of 150 Å; --box N sets another",
    );
  });

  test("are the user's where he names one, and asked for where the type is unknown", () => {
    expect(boxesOf({ box: 12 }).notes.join()).not.toContain("boxes of");
    const unknown = { ...set, positions: [{ at: [1, 2, 3], type: "mine" } as const] };
    expect(() => boxesOf({}, unknown).write()).toThrow("give --box N");
  });
});

describe("RELION 5 states sizes", () => {
  const particles =
    "data_optics\nloop_\n_rlnOpticsGroup\n_rlnTomoTiltSeriesPixelSize\n1 2.5\n\ndata_particles\nloop_\n_rlnTomoName\n_rlnCenteredCoordinateXAngst\n_rlnCenteredCoordinateYAngst\n_rlnCenteredCoordinateZAngst\n_rlnOpticsGroup\nTS_1 10 20 -30 1\n";
  const tomograms =
    "data_global\nloop_\n_rlnTomoName\n_rlnTomoTiltSeriesPixelSize\n_rlnTomoSizeX\n_rlnTomoSizeY\n_rlnTomoSizeZ\nTS_1 2.5 4000 2000 1000\n";
  const at = async (text: string, beside?: string, options: ConvertOptions = {}) => {
    const source = { path: "p.star", bytes: Buffer.from(text), beside: () => beside };
    const format = recognise(source.path, source.bytes);
    const sets = await format.read(source);
    return convertPositions([{ path: "p.star", sets }], namedFormat("to", "challenge"), {
      type: "a",
      ...options,
    }).sets[0]!.positions[0]!.at;
  };

  test("the voxel size of the optics is used: --size alone is asked for, and enough", async () => {
    await expect(at(particles)).rejects.toThrow(
      "become angstrom only with the volume's size; give --size Z,Y,X in voxels of 2.5 Å",
    );
    expect(await at(particles, undefined, { size: [1000, 2000, 4000] })).toEqual([5010, 2520, 1220]);
  });

  test("tomograms.star beside it, or a table in the file itself, states the size", async () => {
    expect(await at(particles, tomograms)).toEqual([5010, 2520, 1220]);
    expect(await at(`${tomograms}\n${particles}`)).toEqual([5010, 2520, 1220]);
    expect(await at(particles, tomograms, { size: [100, 100, 100] })).toEqual([135, 145, 95]);
    await expect(at(particles, "data_\n'broken")).rejects.toThrow("give --size");
  });
});

describe("IMOD's models as text", () => {
  const text =
    "# imod ascii file version 2.0\n\nimod 2\nmax 700 700 270\noffsets 0 0 0\nscale 1 1 1\npixsize    1.35\nunits      nm\n\nobject 0 2 1\nname my ribosome\ncolor 0 1 0 0\ncontour 0 0 2\n1 2 3\n4 5 6.5 2.5\ncontour 1 0 1\n7 8 9\nmesh 0 1 2\n9 9 9\n0\n1\nobject 1 1 0\nname \ncontour 0 0 1\n10 11 12\n# end of IMOD model\n";
  const read = async (bytes: Buffer) =>
    recognise("a.mod", bytes).read({ path: "a.mod", bytes, beside: () => undefined });

  test("are read as the binary ones: types, contours, voxel size and z from −0.5", async () => {
    expect(recognise("a.txt", Buffer.from(text)).name).toBe("mod");
    expect(await read(Buffer.from(text))).toEqual([
      {
        frame: "imod",
        pixel: 13.5,
        positions: [
          { at: [1, 2, 3], instance: 1, type: "my ribosome" },
          { at: [4, 5, 6.5], instance: 1, type: "my ribosome" },
          { at: [7, 8, 9], instance: 2, type: "my ribosome" },
          { at: [10, 11, 12], instance: 3 },
        ],
        notes: [],
      },
    ]);
  });

  test.each([
    ["A", 1.35],
    ["um", 13_500],
    ["constructor", undefined],
    ["pixels", undefined],
  ])("units %s", async (unit, pixel) => {
    const [set] = await read(Buffer.from(text.replace("units      nm", `units ${unit}`)));
    expect(set!.pixel).toEqual(pixel);
  });

  test("a contour that the file cuts short, or a word among numbers, is refused with its line", async () => {
    await expect(read(Buffer.from(text.slice(0, text.indexOf("4 5 6.5"))))).rejects.toThrow(
      "the file ends 1 points early",
    );
    await expect(read(Buffer.from(text.replace("4 5 6.5", "4 five 6")))).rejects.toThrow(
      'line 15: y is "five"',
    );
  });
});
