import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { pickbench } from "../../support/commandLine.js";
import { formatsFolder, hasShared, truthFolder } from "../../support/shared.js";

const folder = mkdtempSync(join(tmpdir(), "pickbench-convert-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const place = (name: string) => join(folder, name);
const write = (name: string, text: string) => {
  writeFileSync(place(name), text);
  return place(name);
};

const table = write(
  "picks.csv",
  "run,type,x_voxel,y_voxel,z_voxel,score\nTS_1,ribosome,10,20,30,0.5\nTS_1,ribosome,11,21,31,0.25\n",
);
const several = write(
  "several.csv",
  "id,experiment,particle_type,x,y,z\n0,TS_1,ribosome,1,2,3\n1,TS_1,apo-ferritin,4,5,6\n2,TS_2,ribosome,7,8,9\n",
);

async function convert(...args: string[]) {
  const { stdout, stderr, code } = await pickbench("convert", ...args);
  return { stdout, stderr, code };
}

test("a table becomes a Dynamo table without a voxel size, and what is lost is said", async () => {
  const { stdout, code } = await convert(table, place("picks.tbl"));
  expect(code).toBe(0);
  expect(stdout).toContain("2 positions of 1 run (2 ribosome)");
  expect(stdout).toContain("- types are numbered in column 22: 1 = ribosome");
  const row = readFileSync(place("picks.tbl"), "utf8").split("\n")[0]!.split(" ");
  expect([...row.slice(23, 26), row[9]]).toEqual(["11.000000", "21.000000", "31.000000", "0.5"]);
  expect(readFileSync(place("picks.doc"), "utf8")).toBe("1 TS_1\n");
});

test("scores, runs, types and z that a .box has no place for", async () => {
  const { stdout } = await convert(table, place("picks.box"), "--box", "20", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    from: ["csv"],
    to: "box",
    frame: "voxel",
    positions: 2,
    notes: expect.arrayContaining([
      "z is lost: an EMAN .box file has two dimensions",
      "scores are lost: an EMAN .box file has none",
      "run names are lost: an EMAN .box file has none",
      "types are lost: an EMAN .box file has none",
    ]),
  });
  expect(readFileSync(place("picks.box"), "utf8").split("\n")[0]).toBe(
    "0.000000\t10.000000\t20.000000\t20.000000",
  );
});

test.each([
  [[table, "a.csv", "--to-format", "challenge"], "give --spacing Å"],
  [[table, "a.star", "--to-format", "relion5", "--spacing", "10"], "give --size Z,Y,X in voxels"],
  [[table, "a.star"], "give --spacing Å; or give --to-format stopgap or ais or relion5"],
  [[table, "a.cbox"], "give --box N"],
  [[table, "folder"], "give --to-format"],
  [[several, "a.ndjson", "--spacing", "10"], "holds one run, and there are 2 (TS_1, TS_2); give --run NAME"],
  [[several, "a.ndjson", "--spacing", "10", "--run", "TS_1"], "holds one type, and there are 2"],
  [[several, "a.tsv", "--run", "TS_3"], "--run is TS_3, wanted one that the files hold: TS_1, TS_2"],
  [[several, "a.tsv", "--type", "virus"], "--type is virus, wanted one that the files hold"],
  [[several, "a.tsv", "--to-frame", "nm"], "--to-frame is nm, wanted one of angstrom"],
  [[several, "a.tsv", "--spacing", "0"], "--spacing is 0, wanted a number above 0"],
  [[several, "a.tsv", "--size", "1,2"], "--size is 1,2, wanted three numbers"],
  [[several, "a.tsv", "--rename", "a"], "--rename has a, wanted OLD=NEW"],
  [[several, "a.tsv", "--from-format", "exe"], "--from-format is exe, wanted one of mod"],
  [["missing.star", "a.tsv"], "missing.star cannot be read"],
])("%j is refused in a sentence", async (args, message) => {
  const [from, to, ...rest] = args as [string, string, ...string[]];
  const { stdout, stderr, code } = await convert(from, place(to.replace("a.", "refused.")), ...rest);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(message);
  expect(readdirSync(folder).filter((name) => name.startsWith("refused"))).toEqual([]);
});

test("a header without a unit asks for one, and a file that stands is kept", async () => {
  const plain = write("plain.csv", "x,y,z\n1,2,3\n");
  expect((await convert(plain, place("plain.coords"))).stderr).toContain(
    "give --from-frame angstrom or --from-frame voxel",
  );
  expect((await convert(plain, place("plain.coords"), "--from-frame", "index")).code).toBe(0);
  expect(readFileSync(place("plain.coords"), "utf8")).toBe("1.500000 2.500000 3.500000\n");
  expect((await convert(plain, place("plain.coords"), "--from-frame", "voxel")).stderr).toContain(
    "give --overwrite",
  );
  expect((await convert(plain, place("plain.coords"), "--from-frame", "voxel", "--overwrite")).code).toBe(0);
  expect(readFileSync(place("plain.coords"), "utf8")).toBe("1.000000 2.000000 3.000000\n");
});

test("to copick and back: one file a run and type, with user and session", async () => {
  const out = place("copick");
  expect((await convert(several, out, "--to-format", "copick", "--user", "me", "--session", "7")).code).toBe(
    0,
  );
  expect(readdirSync(join(out, "ExperimentRuns"))).toEqual(["TS_1", "TS_2"]);
  expect(readdirSync(join(out, "ExperimentRuns/TS_1/Picks"))).toEqual([
    "me_7_apo-ferritin.json",
    "me_7_ribosome.json",
  ]);
  const { stdout } = await convert(out, place("again.csv"), "--to-format", "challenge", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    positions: 3,
    runs: 2,
    types: { ribosome: 2, "apo-ferritin": 1 },
  });
  const bad = await convert(several, place("bad"), "--to-format", "copick", "--user", "me_too");
  expect(bad.stderr).toContain('the user "me_too" cannot be part of a file\'s name: it holds _');
});

test("a name that is no file's name does not leave the folder", async () => {
  const evil = write("evil.csv", 'run,type,x_nm,y_nm,z_nm\n"..",a,1,2,3\n');
  const { stderr, code } = await convert(evil, place("evil"), "--to-format", "coords", "--spacing", "10");
  expect(code).toBe(1);
  expect(stderr).toContain(
    `the run ".." cannot be part of a file's name: it begins with a dot; give --run NAME`,
  );
});

test("positions outside of the volume are noticed", async () => {
  const { stdout } = await convert(
    table,
    place("outside.star"),
    "--to-format",
    "relion5",
    "--size",
    "20,40,40",
    "--spacing",
    "10",
  );
  expect(stdout).toContain("- 2 positions lie outside of the volume");
});

test.skipIf(!hasShared)(
  "the portal's mirrored annotations score as the challenge's truth (skipped without ../shared)",
  async () => {
    const { code } = await convert(
      join(formatsFolder, "portal_v2_TS_6_6"),
      place("portal.csv"),
      ...["--to-format", "challenge", "--from-frame", "portal-2.0", "--run", "TS_6_6", "--rename"],
      "cytosolic_ribosome=ribosome,ferritin_complex=apo-ferritin,beta_amylase=beta-amylase,beta_galactosidase=beta-galactosidase,pp7_vlp=virus-like-particle",
    );
    expect(code).toBe(0);
    const { stdout } = await pickbench("score", place("portal.csv"), "--truth", truthFolder, "--json");
    const { perType } = JSON.parse(stdout) as { perType: Record<string, { tp: number; fp: number }> };
    expect(Object.values(perType).reduce((sum, { tp }) => sum + tp, 0)).toBeGreaterThanOrEqual(143);
    expect(Object.values(perType).every(({ fp }) => fp <= 0)).toBe(true);
  },
);
