/** Positions as a table: columns of what surrounds them, and the selection by an expression over all columns. */
import { type Column, columnsOf, compileCondition, type Value } from "../../domain/expression/compile.js";
import { parseExpression } from "../../domain/expression/parse.js";
import { isAbsent, realPart } from "../../formats/positions/fields.js";
import type { ExtraColumns, PositionSet, TomogramPosition, Vector3 } from "../../formats/positions/frames.js";
import { type ContextColumn, isTextColumn } from "./context.js";
import { ownColumns } from "./terms.js";

/** Positions of one run from one file. */
export interface TableSet {
  readonly set: PositionSet;
  /** The same positions as x y z in Å. */
  readonly places: readonly Vector3[];
  /** Columns that were measured, a value a position. */
  readonly columns: readonly Pick<ContextColumn, "name" | "type" | "values">[];
}

/** What an expression selected. */
interface Selected {
  readonly sets: readonly TableSet[];
  /** Positions that it left out since a value was missing. */
  readonly undecided: number;
}

/**
 * Selects positions by an expression over run, type, x, y, z (Å), score, instance, the files' own columns and those that were
 * measured. A file's column counts as numbers where all its values are numbers or absent.
 *
 * @throws PickbenchError BadUsage with the place of what is wrong in the expression
 */
export function selectRows(sets: readonly TableSet[], where: string): Selected {
  const expression = parseExpression(where);
  const table = new Table(sets);
  const condition = compileCondition(where, expression, table.columns);
  const named = new Set(columnsOf(expression));
  let undecided = 0;
  const selected = sets.map(({ set, places, columns }) => {
    const cells = table.cells(set, places, columns, named);
    const kept = set.positions.flatMap((_, i) => {
      const answer = condition(cells(i));
      if (answer === undefined) undecided++;
      return answer === true ? [i] : [];
    });
    return {
      set: { ...set, positions: kept.map((i) => set.positions[i]!) },
      places: kept.map((i) => places[i]!),
      columns: columns.map((column) => ({ ...column, values: kept.map((i) => column.values[i]) })),
    };
  });
  return { sets: selected, undecided };
}

/**
 * Checks an expression over positions that are still to be found, which have no columns but their own and the measured ones.
 *
 * @throws PickbenchError BadUsage as `selectRows`
 */
export function checkWhere(where: string, measured: readonly string[]): void {
  const columns = measured.map((name): Column => ({ name, type: isTextColumn(name) ? "text" : "number" }));
  compileCondition(where, parseExpression(where), [...ownColumns, ...columns]);
}

/** The columns of all sets under one head. */
class Table {
  readonly columns: readonly Column[];
  readonly #extra: readonly Column[];

  constructor(sets: readonly TableSet[]) {
    const measured = new Map(
      sets.flatMap(({ columns }) => columns.map(({ name, type }) => [name, { name, type }] as const)),
    );
    const taken = new Set([...ownColumns.map(({ name }) => name), ...measured.keys()]);
    const names = new Set(sets.flatMap(({ set }) => set.extra?.names ?? []));
    this.#extra = [...names]
      .filter((name) => !taken.has(name))
      .map((name) => ({ name, type: typeOf(sets, name) }));
    this.columns = [...ownColumns, ...measured.values(), ...this.#extra];
  }

  /** Returns a function from a position's index to its row; only named columns are read. */
  cells(
    { run, positions, extra }: PositionSet,
    places: readonly Vector3[],
    measured: TableSet["columns"],
    named: ReadonlySet<string>,
  ): (i: number) => Value[] {
    const readers = this.columns.map(({ name, type }): ((i: number) => Value) => {
      const values = measured.find((each) => each.name === name)?.values;
      if (!named.has(name)) return () => undefined;
      if (values) return (i) => values[i];
      const own = ownReaders[name];
      if (own) return (i) => own(positions[i]!, places[i]!, run);
      const at = extra?.names.indexOf(name) ?? -1;
      return (i) => extraValue(positions[i]!.extra?.[at], type);
    });
    return (i) => readers.map((reader) => reader(i));
  }
}

type OwnReader = (position: TomogramPosition, place: Vector3, run: string | undefined) => Value;

const ownReaders: Readonly<Record<string, OwnReader>> = {
  run: (_, __, run) => run,
  type: ({ type }) => type,
  x: (_, [x]) => x,
  y: (_, [, y]) => y,
  z: (_, [, , z]) => z,
  score: ({ score }) => score,
  instance: ({ instance }) => instance,
};

function extraValue(text: string | undefined, type: Column["type"]): Value {
  if (isAbsent(text)) return undefined;
  return type === "number" ? Number(realPart(text!)) : text;
}

function typeOf(sets: readonly TableSet[], name: string): Column["type"] {
  const isText = sets.some(({ set }) => {
    const at = set.extra?.names.indexOf(name) ?? -1;
    return set.positions.some(({ extra }) => {
      const text = extra?.[at];
      return !isAbsent(text) && Number.isNaN(Number(realPart(text!)));
    });
  });
  return isText ? "text" : "number";
}

/** Significant digits of numbers that are written. */
const digits = 7;

/**
 * Adds the measured columns to the sets' own, in place of older ones of their names.
 *
 * @param family of the columns in the format to be written; numbers that are missing are nan in STAR files, else empty
 */
export function withColumns(sets: readonly TableSet[], family: ExtraColumns["family"]): PositionSet[] {
  const absent = family === "star" ? "nan" : "";
  const textOf = (value: Value): string =>
    typeof value === "number" ? String(Number(value.toPrecision(digits))) : (value ?? absent);
  return sets.map(({ set, columns }) => {
    if (columns.length === 0) return set;
    const added = columns.map(({ name }) => name);
    const names = set.extra?.names ?? [];
    const kept = names.map((_, at) => at).filter((at) => !added.includes(names[at]!));
    return {
      ...set,
      extra: { family, names: [...kept.map((at) => names[at]!), ...added] },
      positions: set.positions.map((position, i) => ({
        ...position,
        extra: [
          ...kept.map((at) => position.extra?.[at] || absent),
          ...columns.map(({ values }) => textOf(values[i])),
        ],
      })),
    };
  });
}
