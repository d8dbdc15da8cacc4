/**
 * Contrast of picks against the densities of their tomogram: detects shifted, mirrored or otherwise misread
 * coordinates.
 */
import { meanOf, momentsOf } from "../../domain/numbers.js";
import type { Particle, ParticlePick } from "../../domain/particles.js";
import { type Random, randomFor } from "../../domain/random.js";
import { angstrom, type Position } from "../../domain/units.js";
import {
  indexToPosition,
  positionToIndex,
  type Shape3,
  type Spacing3,
  type Volume,
  voxelCount,
} from "../../domain/volume.js";
import { isBlankAt } from "../blank/blank.js";
import { coarserBy, type Fineness, fine, rough, withNeutralBlank } from "./coarser.js";
import { readingsOf } from "./readings.js";

/** Contrast of one type's picks in a tomogram. */
export interface TypeContrast {
  readonly type: string;
  readonly picks: number;
  /**
   * Contrast at the picks in standard errors above random places, with the sign of the densities: dark particles are
   * negative.
   */
  readonly z: number;
  /**
   * Offset from the picks to the extremum of their mean contrast, in Å along x, y, z, with the standard error of each;
   * null for fewer than 8 picks, or where the contrast is too weak to have one.
   */
  readonly offset: { readonly mean: Position; readonly error: Position } | null;
}

/** Another reading of the same coordinates under which picks meet the densities far better. */
interface BetterReading {
  /** Condition of the reading, as words that complete "if the picks were …". */
  readonly words: string;
  readonly z: number;
}

/** Contrast of all types of a run's picks. */
export interface TruthContrast {
  readonly types: readonly TypeContrast[];
  /** Contrast of all types together: Σ z over the square root of their number. */
  readonly z: number;
  readonly better: BetterReading | null;
}

/** A ball and the shell around it, whose mean values are compared: voxel steps from a centre, z, y and x of each in turn. */
interface Probe {
  readonly ball: Int32Array;
  readonly shell: Int32Array;
  /** The longest step along each axis. */
  readonly reach: Shape3;
}

const randomPlaces = 300;
/** Most draws of a random place that is not blank. */
const mostDraws = 100;
const leastForOffset = 8;
const leastForReading = 8;

/**
 * Measures whether picks lie where a tomogram shows something: the mean density within a particle's radius minus that
 * between 1 and 1.5 radii, at the picks and at random places. Blank voxels count as the mean, and picks in them as random
 * places. The work at a pick is bounded: a volume is binned where a radius has more than 16 voxels.
 *
 * @param volume at any level; particles should be a few voxels across
 * @returns null where there are no picks of the given particles
 */
export function measureTruthContrast(
  volume: Volume,
  picks: readonly ParticlePick[],
  particles: readonly Particle[],
): TruthContrast | null {
  const fields = fieldsOf(volume, picks, particles, fine);
  if (fields.length === 0) return null;
  const z = combined(fields.map((field) => field.zOf((position) => position)));
  const types = fields.map((field) => field.describe(Math.sign(z) || 1));
  return { types, z, better: betterReading(volume, fields, Math.abs(z)) };
}

/**
 * Returns the contrast of all types together, as in `TruthContrast`, of a volume that is coarse enough to be quick; null
 * where there are no picks of the particles.
 */
export function contrastOfPicks(
  volume: Volume,
  picks: readonly ParticlePick[],
  particles: readonly Particle[],
): number | null {
  const fields = fieldsOf(volume, picks, particles, rough);
  return fields.length === 0 ? null : combined(fields.map((field) => field.zOf((position) => position)));
}

function fieldsOf(
  given: Volume,
  picks: readonly ParticlePick[],
  particles: readonly Particle[],
  fineness: Fineness,
): ContrastField[] {
  const volume = withNeutralBlank(given);
  const coarser = coarserBy(volume, fineness);
  return particles.flatMap((particle) => {
    const own = picks.filter(({ type }) => type === particle.name);
    return own.length === 0 ? [] : [new ContrastField(volume, coarser(particle.radius), particle, own)];
  });
}

const combined = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.sqrt(values.length);

/** Contrast of one type at any place of a volume. */
class ContrastField {
  private readonly volume: Volume;
  private readonly given: Volume;
  private readonly particle: Particle;
  private readonly picks: readonly ParticlePick[];
  private readonly probe: Probe;
  private readonly mean: number;
  private readonly deviation: number;

  constructor(given: Volume, coarser: Volume, particle: Particle, picks: readonly ParticlePick[]) {
    this.given = given;
    this.volume = coarser;
    this.particle = particle;
    this.picks = picks;
    this.probe = probeOf(particle.radius, this.volume.spacing);
    const random = randomFor(0, `contrast of ${particle.name}`);
    const values = Array.from({ length: randomPlaces }, () => this.at(this.randomPlace(random)));
    const { mean, variance } = momentsOf(values);
    this.mean = mean;
    this.deviation = Math.sqrt(variance) || 1;
  }

  /**
   * Returns the standard errors above random places of the picks under a reading; picks outside count as random places.
   */
  zOf(reading: (position: Position) => Position): number {
    const { shape, spacing } = this.volume;
    const values = this.picks.map((pick) => {
      const index = positionToIndex(reading(pick), spacing);
      const isInside = index.every((at, axis) => at > -1 && at < shape[axis]!);
      return isInside && !isBlankAt(this.given, reading(pick)) ? this.at(rounded(index)) : this.mean;
    });
    return ((meanOf(values) - this.mean) / this.deviation) * Math.sqrt(values.length);
  }

  describe(sign: number): TypeContrast {
    const z = this.zOf((position) => position);
    const hasOffset = this.picks.length >= leastForOffset && z * sign >= leastForReading;
    return {
      type: this.particle.name,
      picks: this.picks.length,
      z,
      offset: hasOffset ? this.offset(sign) : null,
    };
  }

  /** Finds the extremum near all picks; its error comes from the extrema near each quarter of them. */
  private offset(sign: number): TypeContrast["offset"] {
    const { spacing } = this.volume;
    const mean = this.extremum(this.picks, sign);
    const parts = [0, 1, 2, 3].map((part) =>
      this.extremum(
        this.picks.filter((_, index) => index % 4 === part),
        sign,
      ),
    );
    const error = [0, 1, 2].map((axis) => {
      const centre = meanOf(parts.map((part) => part[axis]!));
      return Math.sqrt(meanOf(parts.map((part) => (part[axis]! - centre) ** 2)) / 3) * spacing[axis]!;
    });
    const position = (values: readonly number[]): Position => ({
      x: angstrom(values[2]!),
      y: angstrom(values[1]!),
      z: angstrom(values[0]!),
    });
    return { mean: position(mean.map((value, axis) => value * spacing[axis]!)), error: position(error) };
  }

  /**
   * Returns the steps in voxels along z, y, x from the picks to the extremum of their mean surroundings' contrast, at
   * most one radius.
   */
  private extremum(picks: readonly ParticlePick[], sign: number): number[] {
    const { spacing } = this.volume;
    const indices = picks.map((pick) => positionToIndex(pick, spacing));
    const residual = [0, 1, 2].map((axis) =>
      meanOf(indices.map((index) => Math.round(index[axis]!) - index[axis]!)),
    );
    const reach = spacing.map((size) => Math.floor(this.particle.radius / size)) as unknown as Shape3;
    const around = meanSurroundings(this.volume, indices.map(rounded), this.probe.reach, reach);
    const middle = around.shape.map((size) => (size - 1) / 2) as unknown as Shape3;
    const value = (step: Shape3): number => sign * contrastAt(around, this.probe, plus(middle, step));
    const best = climb(value, reach);
    return best.map((step, axis) => step + residual[axis]! + parabola(value, best, axis));
  }

  /** Draws a voxel, again where it is blank. */
  private randomPlace(random: Random): Shape3 {
    const { shape, spacing } = this.volume;
    let drawn = randomIndex(shape, random);
    for (let draws = 1; draws < mostDraws && this.given.blank; draws++) {
      if (!isBlankAt(this.given, indexToPosition(...drawn, spacing))) break;
      drawn = randomIndex(shape, random);
    }
    return drawn;
  }

  private at(voxel: Shape3): number {
    return contrastAt(this.volume, this.probe, voxel);
  }
}

type Voxels = Omit<Volume, "spacing">;

/** Returns the probe's contrast at a voxel; a volume is extended beyond its faces by its border values. */
function contrastAt({ data, shape }: Voxels, { ball, shell }: Probe, [z, y, x]: Shape3): number {
  const [depth, height, width] = shape;
  const mean = (steps: Int32Array): number => {
    let sum = 0;
    for (let at = 0; at < steps.length; at += 3) {
      const plane = clamp(z + steps[at]!, depth) * height + clamp(y + steps[at + 1]!, height);
      sum += data[plane * width + clamp(x + steps[at + 2]!, width)]!;
    }
    return sum / (steps.length / 3);
  };
  return mean(ball) - mean(shell);
}

/** Averages the boxes around voxels, large enough for a probe that is moved by `reach`. */
function meanSurroundings(
  { data, shape }: Volume,
  centres: readonly Shape3[],
  probe: Shape3,
  reach: Shape3,
): Voxels {
  const half = plus(probe, reach);
  const size = half.map((voxels) => 2 * voxels + 1) as unknown as Shape3;
  const mean = new Float32Array(voxelCount(size));
  let at = 0;
  for (let dz = -half[0]; dz <= half[0]; dz++)
    for (let dy = -half[1]; dy <= half[1]; dy++)
      for (let dx = -half[2]; dx <= half[2]; dx++) {
        let sum = 0;
        for (const [z, y, x] of centres) {
          const plane = clamp(z + dz, shape[0]) * shape[1] + clamp(y + dy, shape[1]);
          sum += data[plane * shape[2] + clamp(x + dx, shape[2])]!;
        }
        mean[at++] = sum / centres.length;
      }
  return { data: mean, shape: size };
}

const clamp = (index: number, size: number): number => Math.min(size - 1, Math.max(0, index));
const rounded = (index: readonly number[]): Shape3 => [
  Math.round(index[0]!),
  Math.round(index[1]!),
  Math.round(index[2]!),
];
const plus = (a: Shape3, b: Shape3): Shape3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const randomIndex = (shape: Shape3, random: Random): Shape3 => [
  random.integer(shape[0]),
  random.integer(shape[1]),
  random.integer(shape[2]),
];

function probeOf(radius: number, spacing: Spacing3): Probe {
  const ball: number[] = [];
  const shell: number[] = [];
  const reach = spacing.map((size) => Math.ceil((1.5 * radius) / size)) as unknown as Shape3;
  const [nz, ny, nx] = reach;
  for (let z = -nz; z <= nz; z++)
    for (let y = -ny; y <= ny; y++)
      for (let x = -nx; x <= nx; x++) {
        const distance = Math.hypot(z * spacing[0], y * spacing[1], x * spacing[2]) / radius;
        if (distance <= 1) ball.push(z, y, x);
        else if (distance <= 1.5) shell.push(z, y, x);
      }
  return { ball: Int32Array.from(ball), shell: Int32Array.from(shell), reach };
}

/** Climbs from the middle, one voxel at a time along any axis or diagonal, within `reach` voxels. */
function climb(value: (step: Shape3) => number, reach: Shape3): Shape3 {
  const known = new Map<string, number>();
  const at = (step: Shape3): number => {
    const key = step.join();
    const found = known.get(key) ?? value(step);
    known.set(key, found);
    return found;
  };
  let here: Shape3 = [0, 0, 0];
  for (;;) {
    let next = here;
    for (let dz = -1; dz <= 1; dz++)
      for (let dy = -1; dy <= 1; dy++)
        for (let dx = -1; dx <= 1; dx++) {
          const step = plus(here, [dz, dy, dx]);
          if (step.every((size, axis) => Math.abs(size) <= reach[axis]!) && at(step) > at(next)) next = step;
        }
    if (next === here) return here;
    here = next;
  }
}

/** Returns the sub-voxel offset of the top of a parabola through three voxels. */
function parabola(value: (step: Shape3) => number, best: Shape3, axis: number): number {
  const beside = (direction: number): number =>
    value(best.map((step, at) => (at === axis ? step + direction : step)) as unknown as Shape3);
  const [before, middle, after] = [beside(-1), value(best), beside(1)];
  const bend = before - 2 * middle + after;
  return bend < 0 ? Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend))) : 0;
}

/**
 * Returns the reading that meets the densities at least twice as well as the plain coordinates; null where none does.
 */
function betterReading(
  volume: Volume,
  fields: readonly ContrastField[],
  asTheyAre: number,
): BetterReading | null {
  const readings = readingsOf(volume.shape, volume.spacing).map(({ words, read }) => ({
    words,
    z: Math.abs(combined(fields.map((field) => field.zOf(read)))),
  }));
  const best = readings.reduce((a, b) => (b.z > a.z ? b : a));
  return best.z >= leastForReading && best.z > 2 * asTheyAre ? best : null;
}
