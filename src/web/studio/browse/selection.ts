// Choosing rows as everywhere: a click chooses one, shift all between, control one more or less.

/** Chosen names; `active` has the keyboard's place, `anchor` is where a stretch begins. Both are places in the order. */
export interface Selection {
  readonly chosen: ReadonlySet<string>;
  readonly active: number;
  readonly anchor: number;
}

export const nothingChosen: Selection = { chosen: new Set(), active: 0, anchor: 0 };

/** How a row is pointed at. */
export interface Pointing {
  readonly shift: boolean;
  /** Control, or command. */
  readonly more: boolean;
}

const between = (order: readonly string[], a: number, b: number): string[] =>
  order.slice(Math.min(a, b), Math.max(a, b) + 1);

/** Chooses the row at a place. */
export function pointedAt(
  { chosen, anchor }: Selection,
  order: readonly string[],
  at: number,
  { shift, more }: Pointing,
): Selection {
  const name = order[at];
  if (name === undefined) return { chosen, anchor, active: anchor };
  if (shift) {
    const stretch = between(order, anchor, at);
    return { chosen: new Set(more ? [...chosen, ...stretch] : stretch), anchor, active: at };
  }
  if (!more) return { chosen: new Set([name]), anchor: at, active: at };
  return toggled({ chosen, anchor, active: at }, order, at);
}

/** Chooses a row besides the others, or no longer. */
export function toggled({ chosen }: Selection, order: readonly string[], at: number): Selection {
  const next = new Set(chosen);
  const name = order[at];
  if (name !== undefined && !next.delete(name)) next.add(name);
  return { chosen: next, anchor: at, active: at };
}

/** Moves the keyboard's place; with shift all from the anchor on are chosen. */
export function movedTo(
  selection: Selection,
  order: readonly string[],
  at: number,
  shift: boolean,
): Selection {
  const active = Math.max(0, Math.min(order.length - 1, at));
  if (!shift) return { ...selection, active, anchor: active };
  return { ...selection, active, chosen: new Set(between(order, selection.anchor, active)) };
}

/** Chooses all. */
export const allChosen = (selection: Selection, order: readonly string[]): Selection => ({
  ...selection,
  chosen: new Set(order),
});

/** Returns how far a key moves among items, so many across; undefined for other keys. */
export function stepOf(key: string, across: number, seenRows: number, items: number): number | undefined {
  const sideways = across > 1 ? 1 : 0;
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: across,
    ArrowUp: -across,
    ArrowRight: sideways,
    ArrowLeft: -sideways,
    PageDown: across * Math.max(1, seenRows - 1),
    PageUp: -across * Math.max(1, seenRows - 1),
    Home: -items,
    End: items,
  };
  const step = steps[key];
  return step === 0 ? undefined : step;
}

/** Returns the chosen names in the order, then those that it does not show. */
export function inOrder({ chosen }: Selection, order: readonly string[]): string[] {
  const shown = order.filter((name) => chosen.has(name));
  const hidden = new Set(chosen);
  for (const name of shown) hidden.delete(name);
  return [...shown, ...hidden];
}
