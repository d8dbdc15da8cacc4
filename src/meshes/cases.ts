/**
 * The 256 cases of marching cubes, derived by rule rather than listed (Lorensen and Cline, SIGGRAPH 1987).
 *
 * A case is the set of a cube's corners that are inside; corner c lies at x = c ≫ 2, z = c ≫ 1 & 1, y = c & 1. The surface
 * crosses every edge between an inside and an outside corner. On a face of the cube, seen from outside it and walked
 * counter-clockwise, each run of inside corners is cut off by one segment, from the edge where the walk enters it to that
 * where it leaves it. So two inside corners of a face that lie across are always parted; as this follows from the
 * face alone, the two cubes at a face draw the same segments, in opposite directions, and no hole can open. A crossed edge
 * lies on two faces, ends a segment on one and begins one on the other: the segments close to loops, each of which is cut
 * into triangles. A diagonal never lies in a face of the cube, where the neighbour might draw it too; so every edge of
 * the mesh belongs to exactly two triangles. Triangles are counter-clockwise as seen from outside the surface.
 */

/** An edge of the cube: its axis (0 z, 1 y, 2 x) and where its lower end lies. */
interface CubeEdge {
  readonly axis: 0 | 1 | 2;
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly corners: readonly [low: number, high: number];
}

const cornerAt = (z: number, y: number, x: number): number => (x << 2) | (z << 1) | y;
const isInside = (corners: number, corner: number): boolean => ((corners >> corner) & 1) === 1;

/** The twelve edges: four along z, four along y, four along x. */
export const cubeEdges: readonly CubeEdge[] = ([0, 1, 2] as const).flatMap((axis) =>
  [0, 1].flatMap((a) =>
    [0, 1].map((b): CubeEdge => {
      const [z, y, x] = [
        [0, a, b],
        [a, 0, b],
        [a, b, 0],
      ][axis] as [number, number, number];
      const step = [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ][axis] as [number, number, number];
      return {
        ...{ axis, z, y, x },
        corners: [cornerAt(z, y, x), cornerAt(z + step[0], y + step[1], x + step[2])],
      };
    }),
  ),
);

const edgeBetween = (a: number, b: number): number =>
  cubeEdges.findIndex(({ corners: [low, high] }) => (low === a && high === b) || (low === b && high === a));

/** The six faces: their corners counter-clockwise as seen from outside the cube. */
const faces: readonly (readonly number[])[] = [0, 1].flatMap((side) => {
  const walk = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ] as const;
  const along = side === 1 ? walk : walk.toReversed();
  return [
    along.map(([y, z]) => cornerAt(z, y, side)),
    along.map(([z, x]) => cornerAt(z, side, x)),
    along.map(([x, y]) => cornerAt(side, y, x)),
  ];
});

/** Returns, for each crossed edge of a case, the edge that follows it in its loop. */
function followers(corners: number): Map<number, number> {
  const next = new Map<number, number>();
  for (const face of faces) {
    for (let i = 0; i < 4; i++) {
      if (isInside(corners, face[i]!) || !isInside(corners, face[(i + 1) % 4]!)) continue;
      let last = i + 1;
      while (isInside(corners, face[(last + 1) % 4]!)) last++;
      const enters = edgeBetween(face[i]!, face[(i + 1) % 4]!);
      next.set(enters, edgeBetween(face[last % 4]!, face[(last + 1) % 4]!));
    }
  }
  return next;
}

function loopsOf(corners: number): number[][] {
  const next = followers(corners);
  const loops: number[][] = [];
  for (let [first] = next.keys(); first !== undefined; [first] = next.keys()) {
    const loop: number[] = [];
    for (let edge: number | undefined = first; edge !== undefined; ) {
      const following = next.get(edge);
      if (following !== undefined) loop.push(edge);
      next.delete(edge);
      edge = following;
    }
    loops.push(loop);
  }
  return loops;
}

/** Tells whether two edges of the cube lie on one of its faces. */
const shareFace = (a: number, b: number): boolean =>
  faces.some((face) => [a, b].every((edge) => cubeEdges[edge]!.corners.every((each) => face.includes(each))));

/**
 * Cuts a loop into triangles without a diagonal in a face of the cube; undefined where there is no such way. The triangle on
 * the side from the loop's first to its last vertex has the first apex that allows the rest.
 */
function triangulate(loop: readonly number[]): number[] | undefined {
  if (loop.length < 3) return [];
  const [first, last] = [loop[0]!, loop.at(-1)!];
  for (let apex = 1; apex < loop.length - 1; apex++) {
    const [left, right] = [loop.slice(0, apex + 1), loop.slice(apex)];
    const isFree = (part: readonly number[]): boolean =>
      part.length === 2 || !shareFace(part[0]!, part.at(-1)!);
    if (!isFree(left) || !isFree(right)) continue;
    const parts = [triangulate(left), triangulate(right)];
    if (parts.every((part) => part !== undefined)) return [first, loop[apex]!, last, ...parts.flat()];
  }
  return undefined;
}

function trianglesOf(corners: number): number[] {
  return loopsOf(corners).flatMap((loop) => {
    const triangles = triangulate(loop);
    if (triangles === undefined) throw new Error(`case ${corners} of marching cubes has no triangles`);
    return triangles;
  });
}

/** For each case, its triangles: three indices of `cubeEdges` each. */
export const caseTriangles: readonly Uint8Array[] = Array.from({ length: 256 }, (_, corners) =>
  Uint8Array.from(trianglesOf(corners)),
);
