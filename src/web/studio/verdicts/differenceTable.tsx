// How two sets differ, type by type.
import type { DifferenceCounts } from "./differences.js";
import { differences } from "./state.js";

type Column = readonly [label: string, numberOf: (counts: DifferenceCounts) => number];

const ofTruths: readonly Column[] = [
  ["both", ({ truths }) => truths.both],
  ["A", ({ truths }) => truths.A],
  ["B", ({ truths }) => truths.B],
  ["none", ({ truths }) => truths.neither],
];
const ofFalse: readonly Column[] = [
  ["both", ({ falsePicks }) => falsePicks.both],
  ["A", ({ falsePicks }) => falsePicks.A],
  ["B", ({ falsePicks }) => falsePicks.B],
];

export function DifferenceTable() {
  const all = differences.value?.map(({ counts }) => counts);
  if (!all) return null;
  const shown = all.filter((counts) =>
    [...ofTruths, ...ofFalse].some(([, numberOf]) => numberOf(counts) > 0),
  );
  return (
    <table class="difference" aria-label="what A and B found in this run">
      <thead>
        <tr>
          <td />
          <th scope="colgroup" colSpan={ofTruths.length}>
            found by
          </th>
          <th scope="colgroup" colSpan={ofFalse.length}>
            false in
          </th>
        </tr>
        <tr>
          <th scope="col">type</th>
          {[...ofTruths, ...ofFalse].map(([label], at) => (
            <th key={at} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map((counts) => (
          <tr key={counts.type} data-type={counts.type}>
            <th scope="row">{counts.type}</th>
            {[...ofTruths, ...ofFalse].map(([, numberOf], at) => (
              <td key={at}>{numberOf(counts)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
