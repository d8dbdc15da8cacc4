// What verdicts are shown as: marks in the planes, and rows of lists to step through.
import type { ParticlePick } from "../../../domain/particles.js";
import type { StudioPick } from "../../../studio/picks/answer.js";
import { type ComparedTruth, displacement, type TypeDifference } from "./differences.js";
import type { TypeVerdicts } from "./verdict.js";
import type { FalsePick, Miss } from "./worst.js";

/** Shapes of marks in the planes. */
export type Shape = "circle" | "cross" | "square" | "diamond" | "dashed";

/** Kinds of items of one set, then of two sets side by side. */
export const kindsOfOne = ["true", "double", "false", "missed"] as const;
export const kindsOfTwo = ["both", "onlyA", "onlyB", "neither", "falseBoth", "falseA", "falseB"] as const;
export type Kind = (typeof kindsOfOne)[number] | (typeof kindsOfTwo)[number];

/** How a kind is called and drawn: each has a shape of its own, or, where two share one, words that tell them apart. */
export const kinds: Readonly<Record<Kind, { readonly label: string; readonly shape: Shape }>> = {
  true: { label: "true", shape: "circle" },
  double: { label: "found again", shape: "diamond" },
  false: { label: "false", shape: "cross" },
  missed: { label: "missed", shape: "dashed" },
  both: { label: "A and B found", shape: "circle" },
  onlyA: { label: "A found, B did not", shape: "square" },
  onlyB: { label: "B found, A did not", shape: "diamond" },
  neither: { label: "neither found", shape: "dashed" },
  falseBoth: { label: "false in both", shape: "cross" },
  falseA: { label: "false in A alone", shape: "cross" },
  falseB: { label: "false in B alone", shape: "cross" },
};

/** A name and what is said under it. */
export type Fact = readonly [name: string, value: string];

/** A pick or a particle with its verdict. */
export interface Item {
  /** `t` and the number of a particle, or `a` or `b` and the number of a pick. */
  readonly id: string;
  readonly kind: Kind;
  readonly type: string;
  /** Where it is, in Å. */
  readonly place: ParticlePick;
  /** What else is there: the particle that a pick found, or the pick that is nearest to a missed one. */
  readonly other?: ParticlePick | undefined;
  facts(): readonly Fact[];
}

/** A length as it is shown. */
export const length = (angstrom: number): string => `${angstrom.toFixed(1)} Å`;

/** A score as it is shown. */
export const scoreText = (score: number | undefined): string =>
  score === undefined ? "none" : String(Number(score.toPrecision(6)));

const moved = ({ dx, dy, dz, distance }: ReturnType<typeof displacement>): string =>
  `${length(distance)} (x ${dx.toFixed(1)}, y ${dy.toFixed(1)}, z ${dz.toFixed(1)})`;

/** Facts of a pick itself: its score, filament, and further columns. */
function ofPick(pick: StudioPick, columns: readonly string[]): Fact[] {
  const further = columns.flatMap((name, at): Fact[] => {
    const value = pick.further?.[at];
    return value === null || value === undefined || value === "" ? [] : [[name, String(value)]];
  });
  const filament: Fact[] = pick.instance === undefined ? [] : [["instance", String(pick.instance)]];
  return [["score", scoreText(pick.score)], ...filament, ...further];
}

/** Lists all items of one set. @param columns names of the set's further columns */
export function itemsOfOne(judged: readonly TypeVerdicts<StudioPick>[], columns: readonly string[]): Item[] {
  const items: Item[] = [];
  for (const { particle, picks, truths } of judged) {
    const type = particle.name;
    for (const { truth, match, index } of truths)
      if (!match) items.push({ id: `t${index}`, kind: "missed", type, place: truth, facts: () => [] });
    for (const { index, pick, verdict, truth } of picks) {
      const facts = (): Fact[] => {
        const [score, ...others] = ofPick(pick, columns);
        return [
          score!,
          ...(truth ? [["displacement", moved(displacement(truth, pick))] as const] : []),
          ...others,
        ];
      };
      items.push({ id: `a${index}`, kind: verdict, type, place: pick, other: truth, facts });
    }
  }
  return items;
}

const wordsOf = { both: "both", A: "onlyA", B: "onlyB", neither: "neither" } as const;
const falseWords = { both: "falseBoth", A: "falseA", B: "falseB" } as const;

/** Lists all items of two sets side by side. @param columns names of further columns of A and of B */
export function itemsOfTwo(
  differences: readonly TypeDifference<StudioPick>[],
  columns: { readonly a: readonly string[]; readonly b: readonly string[] },
): Item[] {
  return differences.flatMap(({ truths, falsePicks }) => [
    ...truths.map((compared): Item => {
      const { type, index, truth, whose } = compared;
      return { id: `t${index}`, kind: wordsOf[whose], type, place: truth, facts: () => ofCompared(compared) };
    }),
    ...falsePicks.map(({ type, index, pick, of, whose }): Item => {
      const own = of === "A" ? columns.a : columns.b;
      const facts = (): Fact[] => [["set", of], ...ofPick(pick, own)];
      return { id: `${of.toLowerCase()}${index}`, kind: falseWords[whose], type, place: pick, facts };
    }),
  ]);
}

function ofCompared({ a, b }: ComparedTruth): Fact[] {
  return [
    ["A", a ? moved(a) : "missed"],
    ["B", b ? moved(b) : "missed"],
  ];
}

/** Rows of the worst misses. */
export const missItems = (misses: readonly Miss<StudioPick>[]): Item[] =>
  misses.map(({ type, index, place, nearest, taken }) => {
    const facts: Fact[] = nearest
      ? [
          ["nearest pick", length(nearest.distance)],
          ["its score", scoreText(nearest.pick.score)],
        ]
      : [["nearest pick", "none of this type"]];
    if (taken) facts.push(["taken for", `${taken.pick.type}, score ${scoreText(taken.pick.score)}`]);
    return { id: `t${index}`, kind: "missed", type, place, other: nearest?.pick, facts: () => facts };
  });

/** Rows of the worst false picks. @param columns names of the set's further columns */
export const falseItems = (picks: readonly FalsePick<StudioPick>[], columns: readonly string[]): Item[] =>
  picks.map(({ type, index, place, verdict, nearest }) => {
    const near: Fact[] = nearest
      ? [["nearest particle", `${nearest.truth.type}, ${length(nearest.distance)}`]]
      : [];
    const [score, ...rest] = ofPick(place, columns);
    const facts = () => [score!, ...near, ...rest];
    return { id: `a${index}`, kind: verdict, type, place, other: nearest?.truth, facts };
  });

/** What is drawn of an item, at its place in Å. */
interface ItemMark {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly shape: Shape;
  readonly colour: string;
  /** Å */
  readonly radius: number;
  readonly isChosen: boolean;
  readonly label: string;
  readonly direction?: readonly [x: number, y: number, z: number];
}

/** Where a rotation, row by row, turns the z axis. */
const turnedZ = (r: readonly number[]): readonly [number, number, number] => [r[2]!, r[5]!, r[8]!];

/** How an item is drawn; its label is made when it is asked for, as most never are. */
export function markOf(
  item: Item,
  look: { readonly colour: string; readonly radius: number },
  isChosen: boolean,
): ItemMark {
  const { id, kind, type, place } = item;
  return {
    ...{ id, x: place.x, y: place.y, z: place.z, shape: kinds[kind].shape, isChosen },
    ...look,
    ...(place.rotation ? { direction: turnedZ(place.rotation) } : {}),
    get label() {
      const facts = item.facts().map(([name, value]) => `${name} ${value}`);
      return [`${type}: ${kinds[kind].label}`, ...facts].join(", ");
    },
  };
}
