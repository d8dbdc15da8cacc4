import { expect, test } from "vitest";
import { checkLimit, type LimitName, limits } from "../../src/system/limits.js";

test.each(Object.keys(limits) as LimitName[])(
  "%s: what is at the limit passes, one more is refused",
  (name) => {
    const { most } = limits[name];
    const where = { what: "file a", path: "a" };
    expect(() => checkLimit(name, most, where)).not.toThrow();
    expect(() => checkLimit(name, most + 1, where)).toThrow(
      /^file a has [\d,]+ \w+; at most [\d,]+ are read$/,
    );
  },
);
