/** Tables of a STAR file, written as loops or, with one row, as lists. */
import { readStar, type StarVisitor } from "./star.js";

/**
 * Reads a STAR file as `readStar`, but a list of names with one value each is a table of one row, as RELION and starfile
 * write tables of one row, where `isTable` says so.
 *
 * @throws PickbenchError BadDataset with the line
 */
export function readStarTables(
  path: string,
  bytes: Buffer,
  visitor: StarVisitor,
  isTable: (names: readonly string[], block: string) => boolean,
): void {
  let block = "";
  let list: { readonly name: string; readonly value: string; readonly line: number }[] = [];
  const endList = () => {
    const names = list.map(({ name }) => name);
    if (list.length > 0 && isTable(names, block)) {
      visitor.loop(names);
      visitor.row(
        list.map(({ value }) => value),
        list[0]!.line,
      );
    } else for (const { name, value, line } of list) visitor.value(name, value, line);
    list = [];
  };
  readStar(path, bytes, {
    block: (name) => {
      endList();
      block = name;
      visitor.block(name);
    },
    value: (name, value, line) => list.push({ name, value, line }),
    loop: (columns) => {
      endList();
      visitor.loop(columns);
    },
    row: (values, line) => visitor.row(values, line),
  });
  endList();
}
