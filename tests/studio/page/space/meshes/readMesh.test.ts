import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type MeshFormatName,
  meshFormatNames,
  meshFormats,
} from "../../../../../src/formats/meshes/catalogue.js";
import type { MeshFile } from "../../../../../src/formats/meshes/meshFile.js";
import { MeshError } from "../../../../../src/web/studio/space/meshes/meshData.js";
import { isMeshName, readMesh } from "../../../../../src/web/studio/space/meshes/readMesh.js";
import { temporaryFolder } from "../../../../support/storeFixtures.js";

/** Two tetrahedra, the second beside the first. */
const corners = [
  [0, 0, 0],
  [10, 0, 0],
  [0, 10, 0],
  [0, 0, 10],
];
const faces = [0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3];
const mesh: MeshFile = {
  positions: Float32Array.from([...corners, ...corners.map(([x, y, z]) => [x! + 50, y!, z! + 0.5])].flat()),
  normals: Float32Array.from(Array.from({ length: 8 }, () => [0, 0.6, 0.8]).flat()),
  faces: Int32Array.from([...faces, ...faces.map((vertex) => vertex + 4)]),
  parts: [
    { name: "one", firstVertex: 0, vertices: 4, firstFace: 0, faces: 4 },
    { name: "two", firstVertex: 4, vertices: 4, firstFace: 4, faces: 4 },
  ],
  colour: [200, 100, 50],
  notes: { run: "TS_1", feature: "membrane", unit: "nm", origin: "centre" },
};

async function written(format: MeshFormatName): Promise<Uint8Array> {
  const path = join(temporaryFolder(), `mesh.${format}`);
  await meshFormats[format].write(path, mesh);
  return readFileSync(path);
}

describe("a mesh that pickbench wrote", () => {
  test.each(meshFormatNames)("is read back from .%s: triangles, unit and origin", async (format) => {
    const { positions, indices, origin, normals, colour } = readMesh(`mesh.${format}`, await written(format));
    const wanted = [...mesh.faces].flatMap((vertex) => [
      ...mesh.positions.subarray(3 * vertex, 3 * vertex + 3),
    ]);
    const got = [...indices].flatMap((vertex) => [...positions.subarray(3 * vertex, 3 * vertex + 3)]);
    expect(got).toHaveLength(wanted.length);
    for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(10 * value, 3);
    expect(origin).toBe("centre");
    expect(normals).toHaveLength(positions.length);
    expect(colour).toEqual(format === "stl" ? undefined : [200, 100, 50]);
    if (format === "glb") expect(normals[2]).toBeCloseTo(0.8, 6);
    else expect(Math.hypot(...normals.subarray(0, 3))).toBeCloseTo(1, 6);
  });
});

const text = (lines: string) => new TextEncoder().encode(lines);

describe("a mesh's file", () => {
  test("of OBJ may have polygons, slashes and numbers from the end", () => {
    const { indices, origin, normals } = readMesh(
      "a.OBJ",
      text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1/1/1 2//2 3 -1\n"),
    );
    expect([...indices]).toEqual([0, 1, 2, 0, 2, 3]);
    expect(origin).toBe("corner");
    expect([...normals.subarray(0, 3)]).toEqual([0, 0, 1]);
  });

  test.each([
    ["a.obj", text("v 0 0 0\nf 1 2 3\n"), "a.obj: A triangle names vertex 2, but the file has 1."],
    ["a.obj", text("v 0 0 0\nf 1 x 3\n"), 'a.obj: Line 2 of the OBJ file names no vertex: "x".'],
    ["a.obj", text("v 0 0 nothing\nf 1 1 1\n"), "a.obj: A vertex of the mesh is no finite number."],
    ["a.obj", text(""), "a.obj: The file holds no triangles."],
    [
      "a.stl",
      new Uint8Array(100),
      "a.stl: The file is no binary STL: its length does not fit its number of triangles.",
    ],
    ["a.glb", new Uint8Array(100), "a.glb: The file does not begin as a .glb file does."],
    ["a.ply", new Uint8Array(100), "a.ply: a mesh is a .glb, .obj or .stl file."],
    ["toString", new Uint8Array(1), "toString: a mesh is a .glb, .obj or .stl file."],
  ])("%s is refused in a sentence where it is no mesh", (name, bytes, sentence) => {
    expect(() => readMesh(name, bytes)).toThrow(new MeshError(sentence));
  });

  test("of glTF is refused wherever it is cut", async () => {
    const whole = await written("glb");
    for (let length = 0; length < whole.length; length += 7)
      expect(() => readMesh("cut.glb", whole.subarray(0, length))).toThrow(MeshError);
  });

  test("is known by its ending", () => {
    expect(["a.glb", "a.b.OBJ", "x.stl", "a.csv", "glb", "a.constructor"].map(isMeshName)).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
  });
});
