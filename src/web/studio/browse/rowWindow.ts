// Which rows of a long list are drawn, and how much room those above and below take.

/** A list's sizes in pixels; rows hold `across` items each. */
export interface ListSize {
  readonly items: number;
  readonly across: number;
  readonly rowHeight: number;
}

/** Rows from `first` to before `end`, and the room of the others. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
  /** Pixels above the first row and below the last. */
  readonly above: number;
  readonly below: number;
}

/** Rows that are drawn beyond what is seen, so that scrolling shows no gap. */
const beyond = 6;

export const rowsIn = ({ items, across }: ListSize): number => Math.ceil(items / Math.max(1, across));

/** Returns the rows to draw where a view of a height is scrolled so far. */
export function windowOf(size: ListSize, scrolled: number, height: number): RowWindow {
  const rows = rowsIn(size);
  const { rowHeight } = size;
  const seen = Math.max(0, Math.floor(scrolled / rowHeight));
  const first = Math.max(0, Math.min(rows - 1, seen) - beyond);
  const end = Math.min(rows, Math.max(seen, 0) + Math.ceil(height / rowHeight) + 1 + beyond);
  const last = Math.max(first, end);
  return { first, end: last, above: first * rowHeight, below: (rows - last) * rowHeight };
}

/** Returns where to scroll so that a row is seen below a head of some height; as it is where it is seen. */
export function scrolledTo(row: number, rowHeight: number, scrolled: number, height: number): number {
  const top = row * rowHeight;
  if (top < scrolled) return top;
  return top + rowHeight > scrolled + height ? top + rowHeight - height : scrolled;
}

/** Returns the parts of equal size that hold these items, by their numbers. */
export function partsOf(first: number, end: number, size: number): number[] {
  const parts: number[] = [];
  for (let part = Math.floor(first / size); part * size < end; part++) parts.push(part);
  return parts;
}
