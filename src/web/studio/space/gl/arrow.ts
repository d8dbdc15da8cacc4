/** The shape of an arrow along z from 0 to 1. */

const sides = 6;
const [shaft, head, neck] = [0.035, 0.09, 0.75];

/** Corners of triangles, x, y, z: a shaft with six sides and a cone. */
export const arrowTriangles = new Float32Array(
  Array.from({ length: sides }, (_, side) => {
    const [from, to] = [side, side + 1].map((at) => (2 * Math.PI * at) / sides) as [number, number];
    const on = (angle: number, radius: number, z: number) => [
      radius * Math.cos(angle),
      radius * Math.sin(angle),
      z,
    ];
    return [
      ...[on(from, shaft, 0), on(to, shaft, 0), on(to, shaft, neck)],
      ...[on(from, shaft, 0), on(to, shaft, neck), on(from, shaft, neck)],
      ...[on(from, head, neck), on(to, head, neck), [0, 0, 1]],
      ...[on(to, head, neck), on(from, head, neck), [0, 0, neck]],
    ].flat();
  }).flat(),
);
