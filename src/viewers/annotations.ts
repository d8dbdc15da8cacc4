/**
 * Points as Neuroglancer reads them from a server: its precomputed annotation format
 * (google/neuroglancer, python/neuroglancer/write_annotations.py writes the same).
 */

/** A point, or the centre and radii of an ellipsoid, in voxels along x, y, z. */
export interface Annotation {
  readonly at: readonly number[];
  readonly radii?: readonly number[];
  readonly score?: number | undefined;
}

/** Dimensions of the voxels that annotations are counted in. */
type Dimensions = Readonly<Record<"x" | "y" | "z", readonly [metres: number, unit: "m"]>>;

const rank = 3;

/**
 * Encodes annotations of one kind, ellipsoids if they have radii, with their scores if all have one.
 *
 * @returns the files' bytes by path; identifiers are numbers from 1
 */
export function annotationFiles(
  annotations: readonly Annotation[],
  dimensions: Dimensions,
): Map<string, Uint8Array> {
  const isEllipsoid = annotations.every(({ radii }) => radii);
  const isScored = annotations.every(({ score }) => score !== undefined);
  const encoded = annotations.map(({ at, radii = [], score }) =>
    floats([...at, ...(isEllipsoid ? radii : []), ...(isScored ? [score!] : [])]),
  );
  const [lower, upper] = boundsOf(annotations);
  const info = {
    "@type": "neuroglancer_annotations_v1",
    dimensions,
    lower_bound: lower,
    upper_bound: upper,
    annotation_type: isEllipsoid ? "ellipsoid" : "point",
    properties: isScored ? [{ id: "score", type: "float32", description: "confidence of the pick" }] : [],
    relationships: [],
    by_id: { key: "by_id" },
    spatial: [
      {
        key: "spatial",
        grid_shape: [1, 1, 1],
        chunk_size: upper.map((high, axis) => high - lower[axis]!),
        limit: Math.max(1, annotations.length),
      },
    ],
  };
  const ids = annotations.map((_, index) => whole(index + 1));
  return new Map<string, Uint8Array>([
    ["info", Buffer.from(JSON.stringify(info))],
    ["spatial/0_0_0", Buffer.concat([whole(annotations.length), ...encoded, ...ids])],
    ...encoded.map((bytes, index) => [`by_id/${index + 1}`, bytes] as const),
  ]);
}

/** Least and greatest coordinates, a voxel around them included. */
function boundsOf(annotations: readonly Annotation[]): [lower: number[], upper: number[]] {
  const [lower, upper] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(1)];
  for (let axis = 0; axis < rank; axis++) {
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { at, radii } of annotations) {
      least = Math.min(least, at[axis]! - (radii?.[axis] ?? 0));
      most = Math.max(most, at[axis]! + (radii?.[axis] ?? 0));
    }
    if (least <= most) [lower[axis], upper[axis]] = [Math.floor(least) - 1, Math.ceil(most) + 1];
  }
  return [lower, upper];
}

const floats = (values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeFloatLE(value, 4 * at);
  return bytes;
};

const whole = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
