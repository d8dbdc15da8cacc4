import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { namedFormat } from "../../../src/formats/positions/catalogue.js";
import { type PositionsFile, readPositionsFile } from "../../../src/formats/positions/readPositions.js";
import { formatsFolder } from "../../support/shared.js";

/** How the portal's own importer reads these files: location = position / binning. */
interface PortalCase {
  readonly case: string;
  readonly source_cfg: Record<
    string,
    { readonly glob_string: string; readonly filter_value?: string | null; readonly binning?: number }
  >;
  readonly count: number;
  readonly out_data: {
    readonly location: { readonly x: number; readonly y: number; readonly z: number };
    readonly xyz_rotation_matrix?: number[][];
    readonly instance_id?: number;
  }[];
}

const folder = join(formatsFolder, "portal_backend");
const isThere = existsSync(folder);
const document = isThere
  ? (JSON.parse(readFileSync(join(folder, "expected_import_cases.json"), "utf8")) as Record<
      string,
      PortalCase[]
    >)
  : {};
const casesOf = (group: string) => (document[group] ?? []).map((one) => [one.case, one] as const);

async function positionsOf(one: PortalCase): Promise<PositionsFile["sets"][number]["positions"]> {
  const config = Object.values(one.source_cfg)[0]!;
  const path = join(folder, "20002", config.glob_string);
  const isTable = path.endsWith(".csv") && !path.endsWith("tab_delim.csv");
  const { sets } = await readPositionsFile(path, {
    ...(isTable && !path.endsWith("tardis.csv")
      ? { format: namedFormat("from-format", "csv"), frame: "voxel" }
      : {}),
  });
  const run = config.filter_value ?? undefined;
  const chosen = run === undefined ? sets : sets.filter((set) => set.run === run);
  const binning = config.binning ?? 1;
  return chosen
    .flatMap(({ positions }) => positions)
    .map((position) => ({
      ...position,
      at: [position.at[0] / binning, position.at[1] / binning, position.at[2] / binning],
    }));
}

describe.skipIf(!isThere)("cases of the Data Portal's importer (skipped without ../shared)", () => {
  test.each(casesOf("ingest_points_test_cases"))("points: %s", async (_, one) => {
    const positions = await positionsOf(one);
    expect(positions).toHaveLength(one.count);
    for (const [i, { location }] of one.out_data.entries())
      for (const [axis, name] of (["x", "y", "z"] as const).entries())
        expect(positions[i]!.at[axis]).toBeCloseTo(location[name], 9);
  });

  test.each(casesOf("ingest_oriented_points_test_cases"))("oriented points: %s", async (_, one) => {
    const positions = await positionsOf(one);
    expect(positions).toHaveLength(one.count);
    for (const [i, { location, xyz_rotation_matrix: matrix }] of one.out_data.entries()) {
      for (const [axis, name] of (["x", "y", "z"] as const).entries())
        expect(positions[i]!.at[axis]).toBeCloseTo(location[name], 9);
      for (const [k, value] of matrix!.flat().entries())
        expect(positions[i]!.rotation![k]).toBeCloseTo(value, 7);
    }
  });

  /** copick's file says instance 0 for all, which says nothing; the importer counts them itself. */
  test.each(casesOf("ingest_instance_points_test_cases"))("instance points: %s", async (_, one) => {
    const positions = await positionsOf(one);
    expect(positions).toHaveLength(one.count);
    for (const [i, { location, instance_id: instance }] of one.out_data.entries()) {
      expect(positions[i]!.at[0]).toBeCloseTo(location.x, 9);
      expect(positions[i]!.instance).toBe(one.case.startsWith("copick") ? undefined : instance);
    }
  });
});
