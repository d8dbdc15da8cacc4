/**
 * Expressions as SQL of DuckDB. Nothing that a user writes becomes a part of the SQL: values and the names of features, types
 * and sources are bound as parameters; columns are those of the tables.
 */
import type { Expression } from "../../domain/expression/tree.js";
import { identifier } from "../database/duckdb.js";
import type { SurveyColumn } from "./columns.js";

/** Gathers the parameters and joins of one query. */
export class QueryParts {
  readonly values: (string | number)[] = [];
  readonly #columns: ReadonlyMap<string, SurveyColumn>;
  readonly #joins = new Map<string, { readonly alias: string; readonly sql: string }>();

  constructor(columns: readonly SurveyColumn[]) {
    this.#columns = new Map(columns.map((column) => [column.name, column]));
  }

  /** Returns the tables that the columns asked for lie in: a row for each tomogram. */
  from(): string {
    return ["tomograms AS t", ...[...this.#joins.values()].map(({ sql }) => sql)].join(" ");
  }

  /** Returns the SQL of a column by its name, which must be known. */
  column(name: string): string {
    const { table, column, keys } = this.#columns.get(name)!.place;
    if (table === "tomograms") return `t.${identifier(column)}`;
    const key = JSON.stringify([table, keys]);
    let join = this.#joins.get(key);
    if (join === undefined) {
      const alias = `j${this.#joins.size}`;
      const conditions = Object.entries(keys).map(
        ([of, value]) => `${alias}.${identifier(of)} = ${this.#bound(value)}`,
      );
      join = {
        alias,
        sql: `LEFT JOIN ${table} AS ${alias} ON ${[`${alias}.id = t.id`, ...conditions].join(" AND ")}`,
      };
      this.#joins.set(key, join);
    }
    return `${join.alias}.${identifier(column)}`;
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
