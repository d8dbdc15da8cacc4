// What is judged: the sets that are chosen, their picks of the run, thresholds, and verdicts that follow from them.
import { computed, effect, signal } from "@preact/signals";
import { challengeParticles, type Particle } from "../../../domain/particles.js";
import { angstrom } from "../../../domain/units.js";
import type { MatchDefinition } from "../../../score/match/steps.js";
import {
  type AllRuns,
  decodeAllRuns,
  type PickSetName,
  type PicksAnswer,
} from "../../../studio/picks/answer.js";
import { getBytes, getJson, named, sentence } from "../api.js";
import { run } from "../look/stage.js";
import { session } from "../session.js";
import { type Thresholds, thresholdOf } from "./counting.js";
import { differenceOf } from "./differences.js";
import { type Item, itemsOfOne, itemsOfTwo, type Kind } from "./items.js";
import { createJudge } from "./verdict.js";

/** The two sets that may be looked at. */
export type Side = "a" | "b";

export const definition = signal<MatchDefinition>("challenge");
/** Ids of the sets that are chosen; "" for none. */
export const chosen = {
  truth: signal(""),
  a: signal(""),
  b: signal(""),
};
export const thresholds: Readonly<Record<Side, { value: Thresholds }>> = {
  a: signal<Thresholds>(new Map()),
  b: signal<Thresholds>(new Map()),
};
export const hiddenKinds = signal<ReadonlySet<Kind>>(new Set());
export const hiddenTypes = signal<ReadonlySet<string>>(new Set());

/** Sets of the run that is looked at. */
export const sets = signal<readonly PickSetName[]>([]);
export const failure = signal("");

const loaded = {
  truth: signal<PicksAnswer | undefined>(undefined),
  a: signal<PicksAnswer | undefined>(undefined),
  b: signal<PicksAnswer | undefined>(undefined),
};

/** The particles that count: the data set's, else the challenge's. */
export const particles = computed<readonly Particle[]>(() => {
  const own = session.value?.particles ?? [];
  if (own.length === 0) return challengeParticles;
  return own.map(({ radius, ...particle }) => ({ ...particle, radius: angstrom(radius) }));
});

const noPicks: PicksAnswer["picks"] = [];

const judgeOf = (side: Side) =>
  computed(() => {
    const [truth, set] = [loaded.truth.value, loaded[side].value];
    return truth && set ? createJudge(particles.value, truth.picks, set.picks) : undefined;
  });

/** The judge of each set's picks of the run; undefined until truth and picks are here. */
export const judges = { a: judgeOf("a"), b: judgeOf("b") };

/** Picks of the truth and of the sets, as they are here. */
export const picksOf = (which: Side | "truth"): PicksAnswer["picks"] => loaded[which].value?.picks ?? noPicks;
export const columnsOf = (side: Side): readonly string[] => loaded[side].value?.columns ?? [];
export const nameOf = (side: Side): string => loaded[side].value?.name ?? "";

const judgedOf = (side: Side) =>
  computed(() => {
    const judge = judges[side].value;
    if (!judge) return undefined;
    return particles.value.map(({ name }) =>
      judge.verdicts(name, thresholdOf(thresholds[side].value, name), definition.value),
    );
  });

/** Verdicts on all types of each set, at its thresholds. */
export const judged = { a: judgedOf("a"), b: judgedOf("b") };

/** How A and B differ; undefined unless both are chosen. */
export const differences = computed(() => {
  const [a, b] = [judged.a.value, judged.b.value];
  return a && b ? a.map((each, at) => differenceOf(each, b[at]!)) : undefined;
});

/** Everything that can be marked. */
export const items = computed<readonly Item[]>(() => {
  if (differences.value) return itemsOfTwo(differences.value, { a: columnsOf("a"), b: columnsOf("b") });
  return judged.a.value ? itemsOfOne(judged.a.value, columnsOf("a")) : [];
});

/** Counts over all runs of the truth. */
export const allRuns = {
  a: signal<AllRuns | undefined>(undefined),
  b: signal<AllRuns | undefined>(undefined),
};
/** Why there are none: as `score` says it. */
export const allRunsFailure = { a: signal(""), b: signal("") };

/** Chooses a set; its thresholds are none of those of the set before. */
export function choose(which: Side | "truth", id: string): void {
  if (chosen[which].value === id) return;
  chosen[which].value = id;
  if (which !== "truth") thresholds[which].value = new Map();
}

/** Chooses the truth of the data set, and the first other set, where what was chosen is not there. */
function chooseUsual(found: readonly PickSetName[]): void {
  const has = (id: string) => found.some((set) => set.id === id);
  if (!has(chosen.truth.value)) choose("truth", found.find(({ isTruth }) => isTruth)?.id ?? "");
  if (!has(chosen.a.value))
    choose("a", found.find(({ id, trouble }) => id !== chosen.truth.value && !trouble)?.id ?? "");
  if (!has(chosen.b.value)) choose("b", "");
}

/** Has something asked for anew whenever what it depends on changes; what was asked before is forgotten. */
function asking(ask: (signal: AbortSignal) => Promise<void>, onFailure: (text: string) => void): () => void {
  const end = new AbortController();
  ask(end.signal).catch((error: unknown) => {
    if (!end.signal.aborted) onFailure(sentence(error));
  });
  return () => end.abort();
}

/** Follows the run and the choices: loads sets and picks. Returns what ends that. */
export function followChoices(): () => void {
  const ends = [
    effect(() => {
      const name = run.value;
      sets.value = [];
      if (name === undefined) return undefined;
      return asking(
        async (signal) => {
          const found = await getJson<PickSetName[]>(`api/runs/${named(name)}/picks`, signal);
          failure.value = "";
          sets.value = found;
          chooseUsual(found);
        },
        (text) => {
          failure.value = text;
        },
      );
    }),
    ...(["truth", "a", "b"] as const).map((which) => followPicks(which)),
    ...(["a", "b"] as const).map((side) => followAllRuns(side)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

const followPicks = (which: Side | "truth"): (() => void) =>
  effect(() => {
    const [name, id, isListed] = [
      run.value,
      chosen[which].value,
      sets.value.some((set) => set.id === chosen[which].value),
    ];
    loaded[which].value = undefined;
    if (name === undefined || id === "" || !isListed) return undefined;
    return asking(
      async (signal) => {
        loaded[which].value = await getJson<PicksAnswer>(
          `api/runs/${named(name)}/picks/${named(id)}`,
          signal,
        );
      },
      (text) => {
        failure.value = text;
      },
    );
  });

const followAllRuns = (side: Side): (() => void) =>
  effect(() => {
    const [truth, id] = [chosen.truth.value, chosen[side].value];
    allRuns[side].value = undefined;
    allRunsFailure[side].value = "";
    if (truth === "" || id === "") return undefined;
    return asking(
      async (signal) => {
        const { data } = await getBytes(`api/verdicts/${named(truth)}/${named(id)}`, signal);
        allRuns[side].value = decodeAllRuns(data);
      },
      (text) => {
        allRunsFailure[side].value = text;
      },
    );
  });
