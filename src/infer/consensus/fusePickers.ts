/** Fuses what pickers found, with weights given or tuned, and reports what came of it. */
import type { Particle } from "../../domain/particles.js";
import type { Symmetry } from "../../domain/symmetry.js";
import { PickbenchError } from "../../system/errors.js";
import { type AgreementReport, agreementOf } from "./agreement.js";
import {
  type FusionRules,
  type FusionSettings,
  fuseRuns,
  type KeptPick,
  reachOf,
  type TunedFusion,
} from "./fuseRuns.js";
import type { FusionReport } from "./fusionText.js";
import type { Picker } from "./pickers.js";

/** What pickers are fused with. */
interface FusionTask {
  /** A picker each, for types without tuned settings. */
  readonly weights: readonly number[];
  readonly rules: FusionRules;
  /** Returns the symmetry of a type of particle; none where undefined. */
  readonly symmetryOf?: (type: string) => Symmetry | undefined;
  /** Settings by type that were fitted to some runs, and whether these runs are left out; null where none were. */
  readonly tune: {
    readonly runs: readonly string[];
    readonly settings: ReadonlyMap<string, TunedFusion>;
    readonly leftOut: boolean;
  } | null;
}

interface Fused {
  /** Of every run that is not left out, though none be kept. */
  readonly picks: ReadonlyMap<string, readonly KeptPick[]>;
  readonly report: Omit<FusionReport, "out" | "notes" | "removed">;
}

/** Fuses the picks of all runs. @throws BadUsage where no run is left besides those that are left out */
export function fusePickers(
  pickers: readonly Picker[],
  particles: readonly Particle[],
  { weights, rules, symmetryOf, tune }: FusionTask,
): Fused {
  const plain: FusionSettings = { weights, threshold: null };
  const leftOut = new Set(tune?.leftOut ? tune.runs : []);
  const { picks, types } = fuseRuns(
    pickers.map((picker) => new Map([...picker.picks].filter(([run]) => !leftOut.has(run)))),
    particles,
    (type) => tune?.settings.get(type) ?? plain,
    rules,
    { names: pickers.map(({ path }) => path), symmetryOf },
  );
  if (picks.size === 0)
    throw new PickbenchError(
      "BadUsage",
      `no run with picks is left besides those of --tune (${[...leftOut].join(", ")}); tune on fewer, or without --leave-out-tuned`,
    );
  const report = {
    pickers: pickers.map(({ path, picks: own, count, greatestScore }) => ({
      path,
      runs: [...own.keys()].sort(),
      picks: count,
      greatestScore,
    })),
    runs: [...picks.keys()],
    rules,
    types: types.map((type) => ({ ...type, tunedFbeta: tune?.settings.get(type.type)?.fbeta ?? null })),
    agreement: agreementOfAll(pickers, particles, rules),
    tune: tune && { runs: tune.runs, leftOut: tune.leftOut },
  };
  return { picks, report };
}

/** Agreement of several pickers, in all their runs; null of one. */
const agreementOfAll = (
  pickers: readonly Picker[],
  particles: readonly Particle[],
  rules: FusionRules,
): AgreementReport | null =>
  pickers.length < 2
    ? null
    : agreementOf(
        pickers.map(({ picks }) => picks),
        particles,
        (particle) => reachOf(particle, rules),
      );
