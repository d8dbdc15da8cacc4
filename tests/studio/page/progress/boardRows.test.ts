import { beforeAll, describe, expect, test } from "vitest";
import { filterLeaderboard } from "../../../../src/leaderboard/filter.js";
import { readLeaderboard } from "../../../../src/leaderboard/leaderboard.js";
import { type Board, Boards } from "../../../../src/studio/progress/boards.js";
import { filtered, networksIn, sorted } from "../../../../src/web/studio/progress/boardRows.js";

const everything = { text: "", data: "", network: "" };

describe("rows of a leaderboard on the page", () => {
  let board: Board;
  beforeAll(async () => {
    board = (await new Boards(["submissions"]).all())[0]!;
  });

  test("are sorted as the command sorts them, by every column and either way", async () => {
    const leaderboard = await readLeaderboard("submissions");
    for (const [at, group] of board.groups.entries())
      for (const { key } of group.columns)
        for (const reverse of [false, true]) {
          const asked = filterLeaderboard(leaderboard, { sort: key === "against" ? "rank" : key, reverse });
          if (key === "against" || asked.groups[at] === undefined) continue;
          expect([key, sorted(group, key, reverse).map(({ name }) => name)]).toEqual([
            key,
            asked.groups[at].rows.map(({ name }) => name),
          ]);
        }
  });

  test("are filtered by words, data and architecture", () => {
    const names = (filter: Partial<typeof everything>) =>
      filtered(board.groups, { ...everything, ...filter }).flatMap(({ rows }) =>
        rows.map(({ name }) => name),
      );
    expect(names({}).length).toBe(board.groups.flatMap(({ rows }) => rows).length);
    expect(names({ text: "DENSE compare" })).toEqual(["compare-densevnet"]);
    expect(names({ text: "nowhere" })).toEqual([]);
    expect(names({ data: board.groups[0]!.title })).toEqual(board.groups[0]!.rows.map(({ name }) => name));
    const [network] = networksIn(board.groups);
    expect(
      new Set(
        filtered(board.groups, { ...everything, network: network! }).flatMap(({ rows }) =>
          rows.map((row) => row.network),
        ),
      ),
    ).toEqual(new Set([network]));
  });
});
