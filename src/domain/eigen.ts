/** Eigenvectors of small symmetric matrices. */

/** An eigenvalue and its vector of length 1, which has either sign. */
export interface Eigenpair {
  readonly value: number;
  readonly vector: readonly number[];
}

/** Sweeps after which no small matrix of doubles has anything left off its diagonal. */
const sweeps = 12;

/**
 * Returns the eigenpairs of a symmetric matrix, the least value first, by Jacobi's rotations (Golub and Van Loan, Matrix
 * Computations, 8.5).
 *
 * @param matrix rows; not changed
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): Eigenpair[] {
  const a = matrix.map((row) => [...row]);
  const v = a.map((_, row) => a.map((__, column) => (row === column ? 1 : 0)));
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (let p = 0; p < a.length; p++) for (let q = p + 1; q < a.length; q++) rotate(a, v, p, q);
  const pairs = a.map((row, axis) => ({ value: row[axis]!, vector: v.map((parts) => parts[axis]!) }));
  return pairs.sort((one, other) => one.value - other.value);
}

/** Turns rows and columns p and q so that their common element is 0. */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const off = a[p]![q]!;
  if (off === 0) return;
  const ratio = (a[q]![q]! - a[p]![p]!) / (2 * off);
  const tangent = Math.sign(ratio || 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const turn = (one: number, other: number): [number, number] => [
    cosine * one - sine * other,
    sine * one + cosine * other,
  ];
  for (let k = 0; k < a.length; k++) [a[k]![p], a[k]![q]] = turn(a[k]![p]!, a[k]![q]!);
  for (let k = 0; k < a.length; k++) [a[p]![k], a[q]![k]] = turn(a[p]![k]!, a[q]![k]!);
  for (let k = 0; k < a.length; k++) [v[k]![p], v[k]![q]] = turn(v[k]![p]!, v[k]![q]!);
}
