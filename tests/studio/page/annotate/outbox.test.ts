import { describe, expect, test } from "vitest";
import { type Edit, editSchema } from "../../../../src/studio/annotations/edits.js";
import {
  type Answer,
  editsOf,
  type Keeper,
  Outbox,
  type OutboxState,
} from "../../../../src/web/studio/annotate/outbox.js";

/** What a browser keeps, with room for so many entries. */
class Kept implements Keeper {
  readonly entries = new Map<string, string>();
  readonly #room: number;
  constructor(room = Number.POSITIVE_INFINITY) {
    this.#room = room;
  }
  get length() {
    return this.entries.size;
  }
  key = (at: number) => [...this.entries.keys()][at] ?? null;
  getItem = (key: string) => this.entries.get(key) ?? null;
  setItem = (key: string, value: string) => {
    if (this.entries.size >= this.#room) throw new Error("QuotaExceededError");
    this.entries.set(key, value);
  };
  removeItem = (key: string) => this.entries.delete(key);
}

/** The server's rule: each number of a client once, in order. */
class Server {
  readonly got: string[] = [];
  readonly last = new Map<string, number>();
  isDown = false;
  /** Answers that get lost after the edits counted. */
  lost = 0;
  /** Ids of picks that are refused. */
  refused = new Set<string>();
  /** Id of a pick without which a message is not understood. */
  alien: string | undefined;
  readonly send = async (edits: readonly Edit[]): Promise<Answer> => {
    if (this.isDown) throw new Error("no answer");
    if (edits.some(({ changes: [change] }) => "id" in change! && change.id === this.alien))
      throw Object.assign(new Error("not understood"), { status: 422 });
    const refused: { number: number; why: string }[] = [];
    for (const { client, number, changes } of edits) {
      const last = this.last.get(client) ?? 0;
      if (number <= last) continue;
      if (number !== last + 1) break;
      this.last.set(client, number);
      const [change] = changes;
      const id = "id" in change! ? change.id : "";
      if (this.refused.has(id)) refused.push({ number, why: `${id} does not fit` });
      else this.got.push(`${client} ${number} ${id}`);
    }
    if (this.lost-- > 0) throw new Error("answer lost");
    return { number: this.last.get(edits[0]!.client) ?? 0, refused };
  };
}

const opened = (server: Server, kept: Keeper | undefined, client = "a", pauses: number[] = []) => {
  const states: OutboxState[] = [];
  const refused: string[] = [];
  const outbox = new Outbox({
    name: "data TS_1",
    client,
    keeper: kept,
    send: server.send,
    changed: (state) => states.push(state),
    refused: (why) => refused.push(why),
    pause: async (ms) => {
      pauses.push(ms);
      await new Promise(setImmediate);
    },
  });
  return { outbox, states, refused };
};
const drop = (id: string) => [{ do: "delete", id } as const];

describe("edits on their way", () => {
  test("are sent in order, kept until they are acknowledged, and counted while they wait", async () => {
    const [server, kept] = [new Server(), new Kept()];
    const { outbox, states } = opened(server, kept);
    expect([outbox.add(drop("x")), outbox.add(drop("y")), outbox.add(drop("z"))]).toEqual([1, 2, 3]);
    expect(kept.length).toBe(3);
    expect(outbox.state.waiting).toBe(3);
    await outbox.emptied();
    expect(server.got).toEqual(["a 1 x", "a 2 y", "a 3 z"]);
    expect(kept.length).toBe(0);
    expect(states.at(-1)).toEqual({ waiting: 0, trouble: undefined, isKept: true });
  });

  test("survive a server that is down, and one whose answers get lost, once each", async () => {
    const [server, kept] = [new Server(), new Kept()];
    const pauses: number[] = [];
    const { outbox, states } = opened(server, kept, "a", pauses);
    server.isDown = true;
    outbox.add(drop("x"));
    await expect.poll(() => states.at(-1)).toMatchObject({ waiting: 1, trouble: "no answer" });
    outbox.add(drop("y"));
    server.isDown = false;
    server.lost = 2;
    await outbox.emptied();
    expect(server.got).toEqual(["a 1 x", "a 2 y"]);
    expect(pauses.slice(0, 3)).toEqual([250, 500, 1000]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(4000);
    expect(states.at(-1)).toMatchObject({ waiting: 0, trouble: undefined });
  });

  test("that a closed page has left are sent by the next one, under their own numbers, before its own", async () => {
    const [server, kept] = [new Server(), new Kept()];
    server.lost = 1;
    const first = opened(server, kept);
    for (const id of ["u", "v", "w"]) first.outbox.add(drop(id));
    await first.outbox.emptied();
    kept.setItem("pickbench-edit/other/a/000000001", "{}");
    const left = new Kept();
    for (const [at, id] of ["u", "v", "w", "x", "y"].entries())
      left.setItem(
        `pickbench-edit/data%20TS_1/a/${String(at + 1).padStart(9, "0")}`,
        JSON.stringify({ client: "a", number: at + 1, changes: drop(id) }),
      );
    const second = opened(server, left, "b");
    second.outbox.add(drop("z"));
    await second.outbox.emptied();
    expect(server.got).toEqual(["a 1 u", "a 2 v", "a 3 w", "a 4 x", "a 5 y", "b 1 z"]);
    expect(left.length).toBe(0);
    expect(kept.length).toBe(1);
  });

  test("that the server leaves out are told, and hold nothing up", async () => {
    const [server, kept] = [new Server(), new Kept()];
    server.refused.add("y");
    const { outbox, refused } = opened(server, kept);
    for (const id of ["x", "y", "z"]) outbox.add(drop(id));
    await outbox.emptied();
    expect(server.got).toEqual(["a 1 x", "a 3 z"]);
    expect(refused).toEqual(["y does not fit"]);
    expect(kept.length).toBe(0);
  });

  test("that the server never understands are left out and told, and hold nothing up, now or after a reload", async () => {
    const [server, kept] = [new Server(), new Kept()];
    server.alien = "y";
    const pauses: number[] = [];
    const { outbox, refused, states } = opened(server, kept, "a", pauses);
    for (const id of ["u", "v", "y", "w", "x"]) outbox.add(drop(id));
    await outbox.emptied();
    outbox.add(drop("z"));
    await outbox.emptied();
    expect(server.got.map((each) => each.slice(-1))).toEqual(["u", "v", "w", "x", "z"]);
    expect(refused).toEqual(["an edit was left out: not understood"]);
    expect(pauses).toEqual([]);
    expect(states.at(-1)).toEqual({ waiting: 0, trouble: undefined, isKept: true });
    expect(kept.length).toBe(0);
    kept.setItem(
      "pickbench-edit/data%20TS_1/a/000000009",
      JSON.stringify({ client: "a", number: 9, changes: drop("y") }),
    );
    const next = opened(server, kept, "b");
    await next.outbox.emptied();
    expect(next.refused).toHaveLength(1);
    expect(kept.length).toBe(0);
  });

  test("are parted where they are longer than the server takes", () => {
    const runs = Array.from({ length: 150_000 }, () => 123_456);
    const paint = (index: number) => ({ do: "paint", mask: "m", axis: 0, index, runs }) as const;
    const changes = [...Array.from({ length: 5 }, (_, index) => paint(index)), ...drop("x")];
    const parts = editsOf(changes);
    expect(parts.flat()).toEqual(changes);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      expect(JSON.stringify(part).length).toBeLessThan(4 * 2 ** 20);
      expect(editSchema.safeParse({ client: "a", number: 1, changes: part }).success).toBe(true);
    }
    const many = Array.from({ length: 20_001 }, (_, at) => drop(`p${at}`)).flat();
    expect(editsOf(many).map(({ length }) => length)).toEqual([10_000, 10_000, 1]);
    expect(editsOf(drop("x"))).toEqual([drop("x")]);
  });

  test("that the browser has no room for, or keeps nothing of, are sent as well, and the user is told", async () => {
    const server = new Server();
    server.isDown = true;
    const { outbox } = opened(server, new Kept(1));
    outbox.add(drop("x"));
    expect(outbox.state.isKept).toBe(true);
    outbox.add(drop("y"));
    expect(outbox.state).toMatchObject({ waiting: 2, isKept: false });
    server.isDown = false;
    await outbox.emptied();
    expect(outbox.state).toEqual({ waiting: 0, trouble: undefined, isKept: true });
    const without = opened(server, undefined, "c");
    without.outbox.add(drop("z"));
    expect(without.outbox.state.isKept).toBe(false);
    await without.outbox.emptied();
    expect(server.got).toEqual(["a 1 x", "a 2 y", "c 1 z"]);
  });

  test("go on under new numbers where the server's journal was moved away", async () => {
    const [server, kept] = [new Server(), new Kept()];
    const { outbox } = opened(server, kept);
    outbox.add(drop("u"));
    outbox.add(drop("v"));
    await outbox.emptied();
    server.isDown = true;
    outbox.add(drop("w"));
    outbox.add(drop("x"));
    server.last.clear();
    server.isDown = false;
    await outbox.emptied();
    outbox.add(drop("y"));
    await outbox.emptied();
    expect(server.got).toEqual(["a 1 u", "a 2 v", "a- 1 w", "a- 2 x", "a- 3 y"]);
    expect(kept.length).toBe(0);
  });

  test("go in messages of a bounded size", async () => {
    const [server, kept] = [new Server(), new Kept()];
    const sizes: number[] = [];
    const send = server.send;
    Object.assign(server, {
      send: async (edits: readonly Edit[]) => {
        sizes.push(edits.length);
        return send(edits);
      },
    });
    const { outbox } = opened(server, kept);
    const runs = Array.from({ length: 200_000 }, () => 1);
    for (let at = 0; at < 4; at++) outbox.add([{ do: "paint", mask: "m", axis: 0, index: 0, runs }]);
    for (let at = 0; at < 150; at++) outbox.add(drop(`p${at}`));
    await outbox.emptied();
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(sizes.slice(0, 2)).toEqual([1, 2]);
    expect(server.last.get("a")).toBe(154);
  });
});
