/** The order of a workflow's steps. */

/** A step that another needs, and why. */
export interface Need {
  readonly step: string;
  /** As after "for", such as "it reads runs/a, and train writes runs". */
  readonly why: string;
}

/** Steps in an order in which none comes before one that it needs; a circle of them, in a sentence, where there is one. */
export function inOrder(needs: ReadonlyMap<string, readonly Need[]>): {
  readonly order: readonly string[];
  readonly circle: string | undefined;
} {
  const done = new Set<string>();
  const left = new Set(needs.keys());
  for (;;) {
    const next = [...left].find((name) => needs.get(name)!.every(({ step }) => done.has(step)));
    if (next === undefined) break;
    left.delete(next);
    done.add(next);
  }
  return { order: [...done], circle: left.size === 0 ? undefined : circleAmong(left, needs) };
}

/** Walks from need to need until a step comes again: each that is left needs another one. */
function circleAmong(left: ReadonlySet<string>, needs: ReadonlyMap<string, readonly Need[]>): string {
  const way: { readonly name: string; readonly need: Need }[] = [];
  let name = [...left][0]!;
  while (!way.some((each) => each.name === name)) {
    const need = needs.get(name)!.find(({ step }) => left.has(step))!;
    way.push({ name, need });
    name = need.step;
  }
  const circle = way.slice(way.findIndex((each) => each.name === name));
  const reasons = circle.map((each) => `${each.name} needs ${each.need.step} (${each.need.why})`);
  return circle.length === 1
    ? `the step ${name} needs itself (${circle[0]!.need.why}); break that`
    : `steps need each other in a circle: ${reasons.join(", ")}; break it`;
}

/** Returns the steps that need a step, by however many others. */
export function dependentsOf(
  names: readonly string[],
  steps: readonly { readonly name: string; readonly needs: readonly Need[] }[],
): Set<string> {
  const found = new Set(names);
  for (const { name, needs } of steps) if (needs.some(({ step }) => found.has(step))) found.add(name);
  return found;
}
