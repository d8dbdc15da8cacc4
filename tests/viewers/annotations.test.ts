import { describe, expect, test } from "vitest";
import { annotationFiles } from "../../src/viewers/annotations.js";

const dimensions = { x: [1e-9, "m"], y: [1e-9, "m"], z: [2e-9, "m"] } as const;

/** Reads as Neuroglancer does: a count, then all annotations, then their identifiers. */
function readBack(bytes: Uint8Array, floats: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Number(view.getBigUint64(0, true));
  const at = (index: number) => 8 + 4 * floats * index;
  return {
    size: bytes.byteLength,
    annotations: Array.from({ length: count }, (_, index) =>
      Array.from({ length: floats }, (__, i) => view.getFloat32(at(index) + 4 * i, true)),
    ),
    ids: Array.from({ length: count }, (_, index) => Number(view.getBigUint64(at(count) + 8 * index, true))),
  };
}

const infoOf = (files: Map<string, Uint8Array>) => JSON.parse(Buffer.from(files.get("info")!).toString());

describe("annotations for Neuroglancer", () => {
  test("points with scores", () => {
    const files = annotationFiles(
      [
        { at: [1.5, 2.5, 3.5], score: 0.5 },
        { at: [-1, 20, 7], score: 0.25 },
      ],
      dimensions,
    );
    expect([...files.keys()]).toEqual(["info", "spatial/0_0_0", "by_id/1", "by_id/2"]);
    expect(infoOf(files)).toEqual({
      "@type": "neuroglancer_annotations_v1",
      dimensions,
      lower_bound: [-2, 1, 2],
      upper_bound: [3, 21, 8],
      annotation_type: "point",
      properties: [{ id: "score", type: "float32", description: "confidence of the pick" }],
      relationships: [],
      by_id: { key: "by_id" },
      spatial: [{ key: "spatial", grid_shape: [1, 1, 1], chunk_size: [5, 20, 6], limit: 2 }],
    });
    expect(readBack(files.get("spatial/0_0_0")!, 4)).toEqual({
      size: 8 + 2 * 16 + 2 * 8,
      annotations: [
        [1.5, 2.5, 3.5, 0.5],
        [-1, 20, 7, 0.25],
      ],
      ids: [1, 2],
    });
    const single = files.get("by_id/2")!;
    expect([...new Float32Array(single.slice().buffer)]).toEqual([-1, 20, 7, 0.25]);
  });

  test("ellipsoids lie within the bounds with their radii; a score that one lacks is left out", () => {
    const files = annotationFiles([{ at: [10, 10, 10], radii: [3, 2, 1.5] }], dimensions);
    expect(infoOf(files)).toMatchObject({
      annotation_type: "ellipsoid",
      properties: [],
      lower_bound: [6, 7, 7],
      upper_bound: [14, 13, 13],
    });
    expect(readBack(files.get("spatial/0_0_0")!, 6).annotations).toEqual([[10, 10, 10, 3, 2, 1.5]]);
    const mixed = annotationFiles([{ at: [1, 2, 3], score: 1 }, { at: [4, 5, 6] }], dimensions);
    expect(infoOf(mixed).properties).toEqual([]);
    expect(readBack(mixed.get("spatial/0_0_0")!, 3).annotations[1]).toEqual([4, 5, 6]);
  });
});
