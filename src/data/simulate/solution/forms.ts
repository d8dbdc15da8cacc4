/** Forms of proteins that nobody lists: families of bodies, drawn at random, most of them symmetric. */
import type { Random } from "../../../domain/random.js";
import { multiply, type Rotation, rotationAbout } from "../../../domain/rotation.js";
import { cyclic, dihedral, icosahedral, tetrahedral } from "../../../domain/symmetry.js";
import type { Ellipsoid } from "../beads.js";
import { plus, randomDirection, randomRotation, rotate, unit, type Vector3 } from "../rotation.js";

/** Draws the bodies of a protein around the origin, in Å; their size is scaled to the mass afterwards. */
export type Form = (random: Random) => Ellipsoid[];

/** Half width in Å of an ordinary domain. */
const domain = 21;

/** Draws a domain: an ellipsoid of random axes and direction. */
const lobe = (at: Vector3, size: number, random: Random): Ellipsoid => ({
  at,
  axes: [
    size * random.between(0.7, 1.2),
    size * random.between(0.75, 1.15),
    size * random.between(0.8, 1.25),
  ],
  turn: randomRotation(random),
});

/** Returns the bodies under every rotation of a point group. */
export const repeated = (bodies: readonly Ellipsoid[], group: readonly Rotation[]): Ellipsoid[] =>
  group.flatMap((turn) =>
    bodies.map((body) => ({
      ...body,
      at: rotate(turn, body.at),
      turn: body.turn ? multiply(turn, body.turn) : turn,
    })),
  );

/** One to three domains pressed together. */
export const globule: Form = (random) =>
  Array.from({ length: 1 + random.integer(3) }, () => {
    const [x, y, z] = randomDirection(random);
    const away = domain * random.between(0, 0.9);
    return lobe([x * away, y * away, z * away], domain, random);
  });

/** Two equal halves, each of two domains. */
export const dimer: Form = (random) => {
  const apart = domain * random.between(0.75, 1.1);
  const height = domain * random.between(-0.6, 0.6);
  const second = plus([apart, 0, height], randomDirection(random), domain * random.between(0.9, 1.5));
  return repeated([lobe([apart, 0, height], domain, random), lobe(second, 0.8 * domain, random)], cyclic(2));
};

/** Two layers of subunits back to back, of two domains each. */
export const prism =
  (count: number): Form =>
  (random) => {
    const away = (domain * random.between(0.85, 1.15)) / Math.sin(Math.PI / Math.max(3, count));
    const at: Vector3 = [away, domain * random.between(-0.4, 0.4), domain * random.between(0.6, 1)];
    const second = plus(at, randomDirection(random), domain * random.between(0.7, 1.2));
    return repeated([lobe(at, domain, random), lobe(second, 0.75 * domain, random)], dihedral(count));
  };

/** Domains on a string that bends at random. */
export const chain =
  (count: number): Form =>
  (random) => {
    let at: Vector3 = [0, 0, 0];
    let direction = randomDirection(random);
    const bodies: Ellipsoid[] = [];
    for (let i = 0; i < count; i++) {
      const size = domain * random.between(0.75, 1.25);
      bodies.push(lobe(at, size, random));
      direction = unit(plus(direction, randomDirection(random), 0.9));
      at = plus(at, direction, 1.5 * size);
    }
    return bodies;
  };

/** Radius in Å of a ring whose neighbours touch. */
const ringRadius = (count: number, share: number): number => (share * domain) / Math.sin(Math.PI / count);

/** A ring of equal subunits; every other one has a second domain that stands up or out. */
export const ring =
  (count: number): Form =>
  (random) => {
    const away = ringRadius(count, random.between(0.85, 1));
    const bodies: Ellipsoid[] = [
      {
        at: [away, 0, 0],
        axes: [domain * random.between(0.7, 1.1), domain, domain * random.between(0.8, 1.7)],
        turn: rotationAbout([1, 0, 0], random.between(-40, 40)),
      },
    ];
    if (random.uniform() < 0.6)
      bodies.push(
        lobe(
          [away + domain * random.between(-0.2, 1), 0, domain * random.between(1, 1.6)],
          0.8 * domain,
          random,
        ),
      );
    return repeated(bodies, cyclic(count));
  };

/** Rings stacked on each other, alike from both ends, around a channel. */
export const barrel =
  (count: number, layers: number): Form =>
  (random) => {
    const away = ringRadius(count, random.between(0.92, 1.05));
    const thick = domain * random.between(1.5, 1.9);
    const bodies: Ellipsoid[] = [];
    for (let layer = layers % 2 === 0 ? 0.5 : 0; layer < layers / 2; layer++) {
      const phase = random.between(0, (2 * Math.PI) / count);
      const wide = away * (1 - 0.12 * layer * random.uniform());
      bodies.push({
        at: [wide * Math.cos(phase), wide * Math.sin(phase), layer * thick],
        axes: [domain * random.between(0.8, 1.1), domain, domain * random.between(0.9, 1.1)],
      });
    }
    return repeated(bodies, dihedral(count));
  };

/** A rod of domains, straight or bent to an arc. */
export const rod =
  (count: number): Form =>
  (random) => {
    const bend = random.between(0, 0.16);
    const size = domain * random.between(0.55, 0.8);
    return Array.from({ length: count }, (_, i) => {
      const along = i - (count - 1) / 2;
      const at: Vector3 = [1.4 * size * bend * along * along * 0.5, 0, 1.4 * size * along];
      return lobe(plus(at, randomDirection(random), 0.15 * size), size, random);
    });
  };

/** An open ring: domains along most of a circle, rising like a spring. */
export const clamp =
  (count: number): Form =>
  (random) => {
    const sweep = random.between(3.4, 5.2);
    const away = (1.5 * domain * (count - 1)) / sweep;
    const rise = random.between(-0.5, 0.5) * domain;
    return Array.from({ length: count }, (_, i) => {
      const angle = (sweep * i) / (count - 1);
      return lobe([away * Math.cos(angle), away * Math.sin(angle), rise * i], 0.85 * domain, random);
    });
  };

/** Three arms from a hinge, as antibodies have. */
export const fork: Form = (random) => {
  const spread = random.between(0.7, 1.3);
  const arm = (angle: number, long: number): Ellipsoid[] => {
    const direction: Vector3 = [Math.sin(angle), random.between(-0.3, 0.3), Math.cos(angle)];
    return [1.2, 1.2 + long].map((away) =>
      lobe(plus([0, 0, 0], direction, away * domain), 0.75 * domain, random),
    );
  };
  return [...arm(Math.PI, 1.3), ...arm(spread, 1.5), ...arm(-spread, 1.5)];
};

/** A head of six or more subunits on a stalk that ends in a foot. */
export const stalked =
  (count: number): Form =>
  (random) => {
    const head = ringRadius(count, 0.9);
    const long = domain * random.between(2, 3.2);
    const stalk: Ellipsoid = { at: [0, 0, -long / 2], axes: [0.55 * domain, 0.55 * domain, long * 0.75] };
    const foot: Ellipsoid = {
      at: [0, 0, -long - domain],
      axes: [domain * random.between(1, 1.9), domain * random.between(1, 1.9), 0.9 * domain],
    };
    const subunit: Ellipsoid = { at: [head, 0, domain], axes: [domain, domain, 1.5 * domain] };
    return [...repeated([subunit], cyclic(count)), stalk, foot];
  };

/** A hollow shell of 12 or 60 subunits. */
export const shell =
  (count: 12 | 60): Form =>
  (random) => {
    const away = count === 12 ? 1.9 * domain : 3.9 * domain;
    const [x, y, z] = unit([random.between(0.15, 0.4), random.between(0.4, 0.6), 1]);
    const size = domain * (count === 12 ? 1 : 0.95);
    const subunit: Ellipsoid = {
      at: [x * away, y * away, z * away],
      axes: [size * random.between(0.9, 1.1), size * random.between(0.9, 1.1), size],
    };
    return repeated([subunit], count === 12 ? tetrahedral() : icosahedral());
  };
