import { expect, test } from "vitest";
import {
  type BenchMachine,
  isSameKind,
  isSameMachine,
  modelIn,
  processorText,
} from "../../../src/bench/changes/processor.js";

/** What Linux says of two processors, on x86 and on ARM. */
const epyc = `processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
stepping\t: 1

processor\t: 1
vendor_id\t: AuthenticAMD
`;
const arm = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";

test("vendor, family and model are read, and are unknown where one of them is not said", () => {
  expect(modelIn(epyc)).toBe("AuthenticAMD 25/17");
  expect(modelIn(arm)).toBeNull();
  expect(modelIn("")).toBeNull();
});

const wide = { arch: "x64", block: 16, model: "AuthenticAMD 25/17" };
const narrow = { ...wide, block: 8, model: "AuthenticAMD 23/49" };

test("a kind is named by its vectors where they are known", () => {
  expect(processorText(wide)).toBe("x64 with AVX-512, AuthenticAMD 25/17");
  expect(processorText({ ...narrow, model: null })).toBe("x64 with AVX2");
  expect(processorText({ arch: "arm64", block: 16, model: null })).toBe("arm64");
  expect(processorText({ arch: "x64", block: null, model: null })).toBe("x64");
});

const machine = { cpu: "AMD EPYC", cores: 2, processor: wide };
const { processor: _, ...unnamed } = machine;

test.each<[string, BenchMachine, boolean, boolean]>([
  ["itself", machine, true, true],
  ["the same name with other vectors", { ...machine, processor: narrow }, false, false],
  ["its model without AVX-512", { ...machine, processor: { ...wide, block: 8 } }, false, false],
  ["its model in another architecture", { ...machine, processor: { ...wide, arch: "ia32" } }, false, false],
  ["more cores", { ...machine, cores: 4 }, false, false],
  ["another name of the same model", { ...machine, cpu: "AMD EPYC 9B14" }, false, true],
  ["one that does not say its kind", unnamed, true, false],
])("a machine beside %s", (_, other, sameMachine, sameKind) => {
  expect([isSameMachine(machine, other), isSameKind(machine, other)]).toEqual([sameMachine, sameKind]);
  expect([isSameMachine(other, machine), isSameKind(other, machine)]).toEqual([sameMachine, sameKind]);
});

test("where the system says no model, the name counts", () => {
  const apple = { cpu: "Apple M2", cores: 8, processor: { arch: "arm64", block: 16, model: null } };
  expect(isSameKind(apple, apple)).toBe(true);
  expect(isSameKind(apple, { ...apple, cpu: "Apple M4" })).toBe(false);
});
