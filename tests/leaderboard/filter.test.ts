import { describe, expect, test } from "vitest";
import { filterLeaderboard, type LeaderboardFilter } from "../../src/leaderboard/filter.js";
import type { Leaderboard } from "../../src/leaderboard/leaderboard.js";
import { rowOf } from "../support/leaderboardRows.js";

const leaderboard: Leaderboard = {
  groups: [
    {
      dataHash: "a918f1",
      dataName: null,
      holdout: ["TS_1"],
      seeds: [{ experiment: "small", seeds: [0, 1], score: { mean: 0.8, standardError: 0.1 }, perType: {} }],
      rows: [
        rowOf(1, "small", { tomogramSeconds: null }),
        rowOf(2, "small-seed1", { finishedAt: "2026-11-22T00:00:00.000Z" }),
        rowOf(3, "a.b", { network: "unet-2.5d", engine: "onnx-webgpu" }),
        rowOf(4, "aXb", { perType: { thyroglobulin: 0.5 } }),
      ],
    },
    { dataName: null, dataHash: "b000", holdout: ["TS_1"], seeds: [], rows: [rowOf(1, "elsewhere")] },
  ],
  unranked: [],
};

const names = (filter: LeaderboardFilter) =>
  filterLeaderboard(leaderboard, filter).groups.map(({ rows }) => rows.map(({ name }) => name));

describe("filters", () => {
  test.each<[LeaderboardFilter, string[][]]>([
    [{}, [["small", "small-seed1", "a.b", "aXb"], ["elsewhere"]]],
    [{ experiment: "small*" }, [["small", "small-seed1"]]],
    [{ experiment: "a.b" }, [["a.b"]]],
    [{ experiment: "a?b" }, [["a.b", "aXb"]]],
    [{ network: "unet-*" }, [["a.b"]]],
    [{ type: "thyroglobulin" }, [["aXb"]]],
    [{ since: "2026-11-22" }, [["small-seed1"]]],
    [{ engine: "onnx-webgpu" }, [["a.b"]]],
    [{ dataset: "b0" }, [["elsewhere"]]],
    [{ best: true, dataset: "a" }, [["small", "a.b", "aXb"]]],
    [{ sort: "training", dataset: "a" }, [["aXb", "a.b", "small-seed1", "small"]]],
    [{ sort: "tomogram", dataset: "a" }, [["small-seed1", "a.b", "aXb", "small"]]],
    [{ sort: "tomogram", reverse: true, dataset: "a" }, [["aXb", "a.b", "small-seed1", "small"]]],
    [{ sort: "ribosome", dataset: "a" }, [["a.b", "small-seed1", "small", "aXb"]]],
    [{ sort: "score", reverse: true, dataset: "a" }, [["aXb", "a.b", "small-seed1", "small"]]],
  ])("%j", (filter, wanted) => {
    expect(names(filter)).toEqual(wanted);
  });

  test("ranks stay those among all, and summaries of seeds those of rows shown", () => {
    const [group] = filterLeaderboard(leaderboard, { experiment: "a*" }).groups;
    expect(group!.rows.map(({ rank }) => rank)).toEqual([3, 4]);
    expect(group!.seeds).toEqual([]);
    expect(filterLeaderboard(leaderboard, { dataset: "a" }).groups[0]!.seeds).toHaveLength(1);
  });

  test("a column or day that is none is refused", () => {
    expect(() => names({ sort: "speed" })).toThrow(
      /--sort speed is no column, wanted one of rank, name, score/,
    );
    expect(() => names({ since: "21.11.2026" })).toThrow(/is no day/);
    expect(() => names({ since: "2026-13-45" })).toThrow(/is no day/);
  });
});
