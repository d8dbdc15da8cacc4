/** The figures of a training that a live table shows: the smoothed loss and its terms, and what was last seen. */
import type { FigureRow } from "../../system/reporter.js";
import type { StepLine } from "../fit/stepLog.js";
import type { Seen } from "./watcher.js";

/** Figures of one step. */
type StepFigures = Omit<StepLine, "network" | "ms" | "waitedMs">;

/** Number of steps over which figures are smoothed. */
const memory = 20;

/** Keeps the figures of a training, smoothed by a moving average that begins with the first step's own. */
export class Figures {
  private readonly smoothed = new Map<string, number>();
  private last: StepFigures | undefined;
  private steps = 0;
  private seen: { readonly step: number; readonly what: Seen } | undefined;
  private score: { readonly step: number; readonly value: number } | undefined;

  step(figures: StepFigures): void {
    this.last = figures;
    this.steps++;
    const { loss, parts, norm, samplesPerSecond } = figures;
    const fresh = Math.max(1 / memory, 1 / this.steps);
    const numbers = { ...parts, "": loss, " norm": norm, " patches/s": samplesPerSecond };
    for (const [name, value] of Object.entries(numbers)) {
      const before = this.smoothed.get(name) ?? value;
      this.smoothed.set(name, before + fresh * (value - before));
    }
  }

  look(step: number, what: Seen): void {
    this.seen = { step, what };
  }

  evaluation(step: number, value: number): void {
    this.score = { step, value };
  }

  rows(): FigureRow[] {
    if (!this.last) return [];
    const { step, parts, rate } = this.last;
    const of = (name: string): number => this.smoothed.get(name)!;
    const rows: FigureRow[] = [
      { title: "loss", figures: lossFigures(of(""), Object.keys(parts), of) },
      {
        title: "step",
        figures: [
          ["", String(step + 1)],
          ["norm", short(of(" norm"))],
          ["rate", rate.toExponential(1)],
          ["patches/s", short(of(" patches/s"))],
        ],
      },
    ];
    if (this.seen) {
      const { step: at, what } = this.seen;
      const names = Object.keys(what.parts);
      rows.push({
        title: "tune loss",
        figures: [...lossFigures(what.loss, names, (name) => what.parts[name]!), ["step", String(at)]],
      });
      const f4 = Object.entries(what.f4).map(([type, value]) => [type, value.toFixed(2)] as const);
      if (f4.length > 0) rows.push({ title: "crops' F4", figures: f4 });
      const dice = Object.entries(what.dice ?? {}).map(([name, value]) => [name, value.toFixed(2)] as const);
      if (dice.length > 0) rows.push({ title: "crops' Dice", figures: dice });
    }
    if (this.score) {
      const { step: at, value } = this.score;
      rows.push({
        title: "tune runs",
        figures: [
          ["score", value.toFixed(4)],
          ["step", String(at)],
        ],
      });
    }
    return rows;
  }
}

/** The sum, and its terms where there are several. */
const lossFigures = (
  total: number,
  names: readonly string[],
  of: (name: string) => number,
): FigureRow["figures"] => [
  ["", total.toFixed(4)],
  ...(names.length > 1 ? names.map((name) => [name, of(name).toFixed(4)] as const) : []),
];

const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
