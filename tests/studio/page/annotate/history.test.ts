import { describe, expect, test } from "vitest";
import type { Change } from "../../../../src/studio/annotations/edits.js";
import { type HeldPick, isMaskChange, PicksState } from "../../../../src/studio/annotations/picksState.js";
import { History, inverseOf, stepOf } from "../../../../src/web/studio/annotate/history.js";

const types = new Set(["ribosome", "apo-ferritin"]);
const start: HeldPick[] = [
  { id: "p", type: "ribosome", at: [1, 2, 3], status: "kept", rest: { score: 0.5 } },
  { id: "s", type: "ribosome", at: [4, 5, 6], status: "suggested", isSuggestion: true, rest: {} },
  { id: "r", type: "ribosome", at: [7, 8, 9], status: "rejected", isSuggestion: true, rest: {} },
];

/** Does changes to the server's own state, and returns a step of them with their inverses. */
function done(state: PicksState, changes: readonly Change[]) {
  const inverses = changes.map((change) => {
    const before = "id" in change ? state.picks.get(change.id) : undefined;
    const inverse = inverseOf(change, before);
    if (!isMaskChange(change)) state.apply(change, new Set());
    return inverse;
  });
  return stepOf("test", changes, inverses);
}
const apply = (state: PicksState, changes: readonly Change[] = []): void => {
  for (const change of changes) if (!isMaskChange(change)) state.apply(change, new Set());
};
const shown = (state: PicksState) =>
  [...state.picks.values()].filter(
    ({ status, id }) => status !== "deleted" || start.some((each) => each.id === id),
  );

describe("undo and redo", () => {
  const steps: readonly (readonly Change[])[] = [
    [{ do: "add", id: "n", type: "ribosome", at: [0, 0, 0] }],
    [{ do: "move", id: "p", at: [10, 10, 10] }],
    [
      { do: "retype", id: "n", type: "apo-ferritin" },
      { do: "move", id: "n", at: [1, 1, 1] },
      { do: "move", id: "n", at: [2, 2, 2] },
    ],
    [{ do: "delete", id: "p" }],
    [{ do: "accept", id: "s" }],
    [
      { do: "move", id: "s", at: [5, 5, 5] },
      { do: "delete", id: "n" },
    ],
    [
      { do: "recall", id: "r" },
      { do: "recall", id: "s" },
      { do: "reject", id: "s" },
    ],
    [{ do: "restore", id: "p" }],
  ];

  test("of every change lead back to each state and forth again, by the server's rules", () => {
    const state = new PicksState(types, start);
    const history = new History();
    const states = [structuredClone(shown(state))];
    for (const changes of steps) {
      history.add(done(state, changes));
      states.push(structuredClone(shown(state)));
    }
    for (let round = 0; round < 2; round++) {
      for (let at = steps.length - 1; at >= 0; at--) {
        apply(state, history.undo());
        expect(shown(state)).toEqual(states[at]);
      }
      expect(history.undo()).toBeUndefined();
      for (let at = 1; at <= steps.length; at++) {
        apply(state, history.redo());
        expect(shown(state)).toEqual(states[at]);
      }
      expect(history.redo()).toBeUndefined();
    }
  });

  test("strokes and boxes are taken back by what was there", () => {
    const stroke: Change = { do: "paint", mask: "m", axis: 1, index: 4, runs: [0, 3, 1] };
    const box: Change = { do: "box", mask: "m", box: [0, 0, 0, 1, 1, 1] };
    const made: Change = { do: "mask", mask: "m", shape: [1, 1, 1], spacing: [1, 1, 1] };
    const changes = [made, stroke, box];
    const step = stepOf("paint", changes, [
      inverseOf(made),
      inverseOf(stroke, undefined, [1, 1, 0]),
      inverseOf(box),
    ]);
    expect(step.undo).toEqual([
      { ...box, do: "unbox" },
      { ...stroke, runs: [1, 1, 0] },
    ]);
    expect(step.redo).toEqual([stroke, box]);
    expect(inverseOf({ ...box, do: "unbox" } as Change)).toEqual([box]);
  });

  test("a new step ends what can be done again, and a step without an inverse is none", () => {
    const history = new History();
    history.add({ label: "one", undo: [{ do: "delete", id: "a" }], redo: [] });
    history.add({ label: "two", undo: [{ do: "delete", id: "b" }], redo: [] });
    history.add({ label: "nothing", undo: [], redo: [] });
    expect(history.next).toEqual({ undo: "two", redo: undefined });
    history.undo();
    expect(history.next).toEqual({ undo: "one", redo: "two" });
    history.add({ label: "three", undo: [{ do: "delete", id: "c" }], redo: [] });
    expect(history.next).toEqual({ undo: "three", redo: undefined });
    history.clear();
    expect(history.next).toEqual({ undo: undefined, redo: undefined });
  });
});
