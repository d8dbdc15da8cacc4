import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPositionsFile } from "../../../src/formats/positions/readPositions.js";
import { formatsFolder, hasShared } from "../../support/shared.js";

const boxes = join(formatsFolder, "boxmanager");
const only = async (path: string) => (await readPositionsFile(join(boxes, path))).sets[0]!;

describe.skipIf(!hasShared)(
  "boxes of crYOLO, TomoTwin and napari-boxmanager (skipped without ../shared)",
  () => {
    test("a box's corner, its centre and a box without size are one position", async () => {
      const left = await only("2d_left.box");
      const center = await only("2d_center.box");
      expect(left.positions.map(({ at }) => at)).toEqual(
        center.positions.map(({ at: [x, y, z] }) => [x, y, z]),
      );
      expect(left.positions[0]).toEqual({ at: [24, 40, 0], box: [20, 10, 20] });
      expect(center.positions[0]).toEqual({ at: [24, 40, 0] });
      expect(left.notes).toEqual([expect.stringContaining("z is 0")]);
    });

    test("every .box of a series is read; broken ones name their line", async () => {
      for (const name of readdirSync(join(boxes, "box_data")))
        expect((await only(`box_data/${name}`)).positions).toHaveLength(3);
      expect((await only("2d_empty.box")).positions).toEqual([]);
      expect((await only("2d_center_float.box")).positions[1]!.at).toEqual([36.2, 62.1, 0]);
      await expect(only("2d_corrupt_has_string.box")).rejects.toThrow(
        /line 2: x is "sixty_three", wanted a number/,
      );
      await expect(only("2d_corrupt_unqual_columns.box")).rejects.toThrow(
        /line 3: 3 columns, wanted x, y, width/,
      );
    });

    test("a .cbox has the corner in x and y and the centre in z", async () => {
      const { positions } = await only("3d_particle.cbox");
      expect(positions[0]).toMatchObject({ at: [12.257084 + 12.5, 27.721405 + 12.5, 50], box: [25, 25, 25] });
      const tomogram = await only("cbox3d/particles.cbox");
      expect(tomogram.positions).toHaveLength(34414);
      expect(Math.min(...tomogram.positions.map(({ at }) => at[2]))).toBeGreaterThan(37 / 2);
      expect(tomogram.extra!.names).toContain("EstWidth");
    });

    test("filaments keep their ids, confidences their values, an empty file has no box", async () => {
      const filaments = await only("filament_cbox_2d/ActLifeact_03211.cbox");
      expect(filaments.positions[0]).toMatchObject({ instance: 0, score: 1 });
      const particles = await only("particle_cbox_2d/TcdA1-0018_frames_sum.cbox");
      expect(particles.positions[0]!.score).toBe(0.6578449010848999);
      expect((await only("filament_cbox_2d/empty.cbox")).positions).toEqual([]);
    });

    test("a list of names is no file of boxes", async () => {
      await expect(only("valid_box/2d.box")).rejects.toThrow("is of no known format of positions");
    });
  },
);

describe.skipIf(!hasShared)("STAR files of RELION and others (skipped without ../shared)", () => {
  const star = async (path: string) => readPositionsFile(join(formatsFolder, "starfile", path));

  test("the voxel size is in the columns of the particles", async () => {
    const { format, sets } = await star("one_loop.star");
    expect(format.name).toBe("relion3");
    expect(sets[0]).toMatchObject({ frame: "voxel", pixel: 5, run: "tomo_ts01.mrc_15.00Apx.mrc" });
    expect(sets[0]!.positions[0]!.at).toEqual([1572.444, 1084.5, 964.5]);
  });

  test("an empty loop has no position, a file without coordinates says so", async () => {
    expect(
      (
        await readPositionsFile(
          join(formatsFolder, "portal_backend/20002/annotations/tomoman_relion_star.star"),
        )
      ).sets,
    ).toHaveLength(3);
    await expect(star("postprocess.star")).rejects.toThrow("is a STAR file without coordinates");
    await expect(star("empty_loop.star")).rejects.toThrow("has no loop of positions, wanted rlnCoordinateX");
  });
});
