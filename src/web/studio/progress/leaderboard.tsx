// The leaderboard: its tables, filters, and a chart of scores against times that follows them.
import { effect, signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Board, BoardGroup } from "../../../studio/progress/boards.js";
import { address, keepAddress } from "../address.js";
import { getJson, sentence } from "../api.js";
import { type BoardFilter, filtered, networksIn, sorted } from "./boardRows.js";
import { PointChart } from "./chart.js";
import { whileSeen } from "./polling.js";
import "./progress.css";

const boards = signal<readonly Board[] | undefined>(undefined);
const failure = signal("");
const filter = signal<BoardFilter>({ text: "", data: "", network: "" });
/** Place of the time that scores are drawn against. */
const time = signal(0);

/** Whether the filters of the address were taken. */
const isRead = signal(false);

const pause = 5000;

async function look(signal: AbortSignal): Promise<void> {
  try {
    boards.value = await getJson<Board[]>("api/boards", signal);
    failure.value = "";
  } catch (error) {
    if (!signal.aborted) failure.value = sentence(error);
  }
}

/** Keeps the filters in the address. */
effect(() => {
  const { text, data, network } = filter.value;
  if (address.value.view !== "leaderboard" || !isRead.value) return;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ text, data, network }))
    if (value !== "") query.set(name, value);
  if (time.value > 0) query.set("time", String(time.value));
  keepAddress("leaderboard", [], query);
});

/** Takes the filters from the address, where it has any. */
function readFilters(): void {
  const { query } = address.value;
  const of = (name: string): string => query.get(name) ?? filter.value[name as keyof BoardFilter] ?? "";
  filter.value = { text: of("text"), data: of("data"), network: of("network") };
  if (query.has("time")) time.value = Number(query.get("time")) || 0;
  isRead.value = true;
}

export function Leaderboard() {
  useEffect(readFilters, []);
  useEffect(() => whileSeen(look, pause), []);
  const all = boards.value ?? [];
  return (
    <section class="progress-view" aria-label="leaderboard">
      {failure.value && <p class="failure">{failure.value}</p>}
      <Filters boards={all} />
      {all.map((board) => (
        <BoardPart key={board.folder} board={board} />
      ))}
    </section>
  );
}

const change = (changes: Partial<BoardFilter>): void => {
  filter.value = { ...filter.value, ...changes };
};

function Filters({ boards: all }: { readonly boards: readonly Board[] }) {
  const groups = all.flatMap((board) => board.groups);
  const { text, data, network } = filter.value;
  return (
    <p class="choice">
      <label>
        Words
        <input type="search" value={text} onInput={(event) => change({ text: event.currentTarget.value })} />
      </label>
      <label>
        Data
        <select value={data} onChange={(event) => change({ data: event.currentTarget.value })}>
          <option value="">all</option>
          {groups.map(({ title }) => (
            <option key={title} value={title}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        Architecture
        <select value={network} onChange={(event) => change({ network: event.currentTarget.value })}>
          <option value="">all</option>
          {networksIn(groups).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Chart against
        <select value={time.value} onChange={(event) => (time.value = Number(event.currentTarget.value))}>
          {(all[0]?.times ?? []).map((title, at) => (
            <option key={title} value={at}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

function BoardPart({ board: { folder, why, groups, unranked, times, note } }: { readonly board: Board }) {
  const shown = filtered(groups, filter.value);
  return (
    <section aria-label={`submissions in ${folder}`}>
      {why && <p class="failure">{why}</p>}
      {shown.length === 0 && !why && <p>No finished submission passes.</p>}
      {shown.map((group) => (
        <Group key={group.title} group={group} across={times[time.value] ?? ""} />
      ))}
      {groups.length > 0 && <p class="board-note">{note}</p>}
      {unranked.length > 0 && (
        <details>
          <summary>Not ranked ({unranked.length})</summary>
          <ul>
            {unranked.map((each) => (
              <li key={each.name}>
                {each.name}: {each.why}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Group({ group, across }: { readonly group: BoardGroup; readonly across: string }) {
  const [order, setOrder] = useState({ key: "rank", isReversed: false });
  const points = group.rows.flatMap(({ name, rank, score, low, high, times }) => {
    const x = times[time.value] ?? null;
    if (score === null || x === null || x <= 0) return [];
    return [{ name, mark: String(rank), x, y: score, low: low ?? score, high: high ?? score }];
  });
  return (
    <section class="board" aria-label={group.title}>
      <h2>{group.title}</h2>
      <PointChart title={`score against ${across}`} across={across} points={points} />
      <div class="wide-table">
        <table class="fact-table">
          <thead>
            <tr>
              {group.columns.map(({ key, title, isDescending }) => {
                const isSorted = order.key === key;
                const isFalling = isDescending !== order.isReversed;
                return (
                  <th key={key} aria-sort={isSorted ? (isFalling ? "descending" : "ascending") : undefined}>
                    <button
                      type="button"
                      onClick={() => setOrder({ key, isReversed: isSorted && !order.isReversed })}
                    >
                      {title}
                      {isSorted && <span aria-hidden="true">{isFalling ? " ↓" : " ↑"}</span>}
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {sorted(group, order.key, order.isReversed).map((row) => (
              <tr key={row.name} data-submission={row.name}>
                {row.cells.map((cell, at) => {
                  const { key, isNumber } = group.columns[at]!;
                  return (
                    <td key={key} class={isNumber ? "number" : undefined}>
                      {cell}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {group.notes.map((text) => (
        <p key={text} class="board-note">
          {text}
        </p>
      ))}
    </section>
  );
}
