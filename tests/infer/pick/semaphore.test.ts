import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { randomFor } from "../../../src/domain/random.js";
import { Semaphore } from "../../../src/infer/pick/semaphore.js";

it("keeps what is under way within its limit, runs what is larger alone, and in turn", async () => {
  const admission = new Semaphore(10);
  const random = randomFor(5, "tests/admission", 0);
  const sizes = Array.from({ length: 40 }, (_, i) => (i % 9 === 8 ? 25 : Math.floor(random.uniform() * 11)));
  const underWay = new Set<number>();
  const begun: number[] = [];
  let most = 0;
  const results = await Promise.allSettled(
    sizes.map((size, i) =>
      admission.run(size, async () => {
        underWay.add(i);
        begun.push(i);
        const together = [...underWay].reduce((sum, each) => sum + sizes[each]!, 0);
        expect(together <= 10 || underWay.size === 1).toBe(true);
        most = Math.max(most, underWay.size);
        await wait(random.uniform() * 5);
        underWay.delete(i);
        if (i === 3) throw new Error("failed");
        return i;
      }),
    ),
  );
  expect(begun).toEqual(sizes.map((_, i) => i));
  expect(most).toBeGreaterThan(1);
  expect(results.map((result) => (result.status === "fulfilled" ? result.value : "failed"))).toEqual(
    sizes.map((_, i) => (i === 3 ? "failed" : i)),
  );
});
