import { describe, expect, test } from "vitest";
import { Recent } from "../../src/studio/recent.js";

describe("what was computed last", () => {
  test("is computed once, also for several who ask at once", async () => {
    const recent = new Recent<number>(2);
    let made = 0;
    const ask = (key: string) => recent.get(key, async () => ++made);
    expect(await Promise.all([ask("a"), ask("a")])).toEqual([1, 1]);
    expect(await ask("a")).toBe(1);
    expect([await ask("b"), await ask("a"), await ask("c"), await ask("a"), await ask("b")]).toEqual([
      2, 1, 3, 1, 4,
    ]);
  });

  test("is kept by its size, and not where it failed", async () => {
    const recent = new Recent<string>(10, ({ length }) => length);
    const texts = ["1234567", "89012"];
    for (const text of texts) await recent.get(text, async () => text);
    expect(await recent.get(texts[0]!, async () => "anew")).toBe("anew");
    await expect(
      recent.get("x", () => {
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await recent.get("x", async () => "yes")).toBe("yes");
  });

  test("is forgotten, with what was still being computed", async () => {
    const recent = new Recent<number>(9);
    let finish: (value: number) => void = () => undefined;
    const slow = recent.get("a", () => new Promise((resolve) => (finish = resolve)));
    recent.clear();
    const fresh = recent.get("a", async () => 2);
    finish(1);
    expect([await slow, await fresh, await recent.get("a", async () => 3)]).toEqual([1, 2, 2]);
  });
});
