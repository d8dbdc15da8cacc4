/**
 * Expressions as SQL of DuckDB. Nothing that a user writes becomes a part of the SQL: values and the names of features, types
 * and sources are bound as parameters; columns are those of the tables.
 */
import type { Expression } from "../../domain/expression/tree.js";
import { identifier } from "../database/duckdb.js";
import type { PlacedColumn } from "./columns.js";

/** A table with several rows a tomogram, of which each column is one value of one row. */
interface Pivot {
  /** SQL of what tells the row of keys, by the keys. */
  readonly conditions: Map<string, string>;
  /** Names in the query by the SQL that computes them. */
  readonly columns: Map<string, string>;
}

/**
 * Gathers the parameters of one query, and what it reads of which table. Each table is read once, whatever the columns: a
 * join for each of hundreds would take more memory than there is.
 */
export class QueryParts {
  readonly values: (string | number)[] = [];
  readonly #columns: ReadonlyMap<string, PlacedColumn>;
  readonly #pivots = new Map<string, Pivot>();

  readonly #ids: readonly number[] | undefined;

  /** @param ids of the few tomograms that are read, whose rows are taken out before anything is computed; all if absent */
  constructor(columns: readonly PlacedColumn[], ids?: readonly number[]) {
    this.#ids = ids;
    this.#columns = new Map(columns.map((column) => [column.name, column]));
  }

  /** Returns the tables that the columns asked for lie in: a row for each tomogram. */
  from(): string {
    const joins = [...this.#pivots].map(([table, { conditions, columns }]) => {
      const named = [...columns].map(([sql, name]) => `${sql} AS ${name}`);
      const wanted = [...conditions.values()].join(" OR ");
      const asked = `${named.join(", ")} FROM`;
      const rows = this.#ids
        ? `WITH few AS MATERIALIZED (SELECT * FROM ${table} WHERE id IN (${this.#ids.join(", ")})) SELECT id, ${asked} few GROUP BY id`
        : `SELECT id, ${asked} ${table} WHERE ${wanted} GROUP BY id`;
      return `LEFT JOIN (${rows}) AS of_${table} ON of_${table}.id = t.id`;
    });
    return ["tomograms AS t", ...joins].join(" ");
  }

  /** Returns the SQL of a column by its name, which must be known. */
  column(name: string): string {
    const { table, column, keys } = this.#columns.get(name)!.place;
    if (table === "tomograms") return `t.${identifier(column)}`;
    const pivot = this.#pivots.get(table) ?? { conditions: new Map(), columns: new Map() };
    this.#pivots.set(table, pivot);
    const key = JSON.stringify(keys);
    const condition = pivot.conditions.get(key) ?? this.#conditionOf(keys);
    pivot.conditions.set(key, condition);
    const sql = `max(${identifier(column)}) FILTER (WHERE ${condition})`;
    const named = pivot.columns.get(sql) ?? `c${pivot.columns.size}`;
    pivot.columns.set(sql, named);
    return `of_${table}.${named}`;
  }

  #conditionOf(keys: Readonly<Record<string, string>>): string {
    const parts = Object.entries(keys).map(([of, value]) => `${identifier(of)} = ${this.#bound(value)}`);
    return `(${parts.join(" AND ")})`;
  }

  /** Returns the SQL of an expression whose kinds and columns were checked. */
  expression(part: Expression): string {
    switch (part.kind) {
      case "number":
        return `${this.#bound(part.value)}::DOUBLE`;
      case "text":
        return `${this.#bound(part.value)}::VARCHAR`;
      case "column":
        return this.column(part.name);
      case "negative":
        return `(-${this.expression(part.of)})`;
      case "arithmetic":
        return finite(`${this.expression(part.left)} ${part.operator} ${this.expression(part.right)}`);
      case "comparison":
        return `(${this.expression(part.left)} ${part.operator} ${this.expression(part.right)})`;
      case "pattern":
        return this.#pattern(part);
      case "in": {
        const values = part.values.map((value) => this.expression(value)).join(", ");
        return `(${this.expression(part.of)} ${part.isNot ? "NOT IN" : "IN"} (${values}))`;
      }
      case "missing":
        return `((${this.expression(part.of)}) IS ${part.isNot ? "NOT NULL" : "NULL"})`;
      case "not":
        return `(NOT ${this.expression(part.of)})`;
      default:
        return `(${this.expression(part.left)} ${part.kind === "and" ? "AND" : "OR"} ${this.expression(part.right)})`;
    }
  }

  #pattern(part: Extract<Expression, { kind: "pattern" }>): string {
    const [of, pattern] = [this.expression(part.of), this.expression(part.pattern)];
    const found = part.operator === "like" ? `${of} LIKE ${pattern}` : `contains(${of}, ${pattern})`;
    return part.isNot ? `(NOT (${found}))` : `(${found})`;
  }

  #bound(value: string | number): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** What is not finite is missing; the list keeps the SQL from being written twice, which would double with every part. */
const finite = (sql: string): string => `list_filter([${sql}], lambda v: isfinite(v))[1]`;
