import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { angstrom } from "../../../src/domain/units.js";
import { readDropped } from "../../../src/studio/dropped/droppedPositions.js";
import { PickbenchError } from "../../../src/system/errors.js";

const at = { run: "TS_1", spacing: angstrom(10), size: [100, 200, 300] as [number, number, number] };
const read = (name: string, text: string) => readDropped(name, Buffer.from(text), at);

describe("a dropped file of positions", () => {
  test("of the challenge shows the run that is looked at alone", async () => {
    const { picks, format } = await read(
      "C:\\fakepath\\sub.csv",
      "id,experiment,particle_type,x,y,z\n0,TS_1,ribosome,1,2,3\n1,TS_2,ribosome,4,5,6\n",
    );
    expect(picks).toEqual([{ type: "ribosome", x: 1, y: 2, z: 3 }]);
    expect(format).toContain("challenge");
  });

  test("without a run, a type and a voxel size is of this run, of its own name, in this volume's voxels", async () => {
    const { picks } = await read("apo.coords", "10 20 30\n11.5 20 30\n");
    expect(picks).toEqual([
      { type: "apo", x: 100, y: 200, z: 300 },
      { type: "apo", x: 115, y: 200, z: 300 },
    ]);
  });

  test("of RELION 5 counts from this volume's centre and keeps orientations", async () => {
    const { picks } = await read(
      "p.star",
      `data_particles\nloop_\n_rlnTomoName\n_rlnCenteredCoordinateXAngst\n_rlnCenteredCoordinateYAngst\n_rlnCenteredCoordinateZAngst\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\nTS_1 0 10 -20 0 90 0\n`,
    );
    expect(picks[0]).toMatchObject({ x: 1500, y: 1010, z: 480 });
    expect(picks[0]!.rotation).toHaveLength(9);
  });

  test("of other runs, of no format, or broken is refused in a sentence that names it", async () => {
    const other = "id,experiment,particle_type,x,y,z\n0,TS_2,ribosome,1,2,3\n";
    await expect(read("sub.csv", other)).rejects.toThrow(
      new PickbenchError("BadUsage", "sub.csv has positions of TS_2, and none of TS_1, which is looked at"),
    );
    await expect(read("a.txt", "hello")).rejects.toThrow(/^a\.txt: is of no known format of positions/);
    await expect(read("sub.csv", other.replace("1,2,3", "1,x,3"))).rejects.toThrow(/^row 2 of sub\.csv/);
  });
});

test("leaves no file behind, whatever its name says", async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith("pickbench-dropped-"));
  const before = left();
  const names = ["../../x.coords", "..", "/etc/x.coords", "a\u0000b.coords", "é/ü.coords"];
  for (const name of names) expect((await read(name, "1 2 3\n")).picks).toHaveLength(1);
  await expect(read("sub.csv", "nothing")).rejects.toThrow();
  expect(left()).toEqual(before);
});
