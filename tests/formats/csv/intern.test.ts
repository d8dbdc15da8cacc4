import { expect, test } from "vitest";
import { Names } from "../../../src/formats/csv/intern.js";
import fc from "../../support/properties.js";

test("names that begin alike are told apart, whatever came before them", () => {
  const name = fc.constantFrom("rib", "ribosome", "ribosomes", "some", "r", "é", "TS_1", "TS_10");
  fc.assert(
    fc.property(fc.array(name), (written) => {
      const bytes = Buffer.from(written.map((text) => `${text},`).join(""));
      const names = new Names();
      let at = 0;
      const read = written.map(() => {
        at = names.readPlain(bytes, at, bytes.length) + 1;
        return names.latest;
      });
      expect(read).toEqual(written);
      expect(at).toBe(bytes.length);
    }),
    { seed: 1 },
  );
});
