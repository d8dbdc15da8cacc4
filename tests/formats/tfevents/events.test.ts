import { describe, expect, test } from "vitest";
import {
  eventFileName,
  isEventFile,
  scalarRecord,
  versionRecord,
} from "../../../src/formats/tfevents/events.js";
import { frameRecord, maskedCrc } from "../../../src/formats/tfevents/records.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("records", () => {
  test("have TensorFlow's masked checksums", () => {
    // CRC-32C of "123456789" is e3069283 (RFC 3720); (crc >> 15 | crc << 17) + a282ead8 by hand:
    // e3069283 >> 15 = 1c60d, << 17 = 25060000; together 2507c60d; the sum is c78ab0e5.
    expect(maskedCrc(Buffer.from("123456789")).toString(16)).toBe("c78ab0e5");
  });

  test("are length, checksum, data, checksum", () => {
    const framed = frameRecord(Buffer.from("abc"));
    expect(framed).toHaveLength(19);
    expect(hex(framed.subarray(0, 8))).toBe("0300000000000000");
    expect(Buffer.from(framed.subarray(12, 15)).toString()).toBe("abc");
  });
});

describe("events", () => {
  const record = scalarRecord({ wallTime: 1.5, step: 300, scalars: [["a/b", 0.25]] });

  test("are the bytes that event.proto asks for, derived by hand", () => {
    // 1: double 1.5 · 2: varint 300 · 5: a summary of 12 bytes: 1: a value of 10 bytes: 1: "a/b" · 2: float 0.25
    const event = "09 000000000000f83f 10 ac02 2a 0c 0a 0a 0a 03 612f62 15 0000803e".replaceAll(" ", "");
    expect(hex(record.subarray(12, -4))).toBe(event);
    const version = "09 0000000000000040 1a 0d 627261696e2e4576656e743a32".replaceAll(" ", "");
    expect(hex(versionRecord(2).subarray(12, -4))).toBe(version);
  });

  test("lie in files whose names TensorBoard looks for, and which tell nobody's machine", () => {
    expect(eventFileName(12.9)).toBe("events.out.tfevents.0000000012.pickbench");
    expect(isEventFile(eventFileName(1))).toBe(true);
    expect(isEventFile("events.out.tfevents.1.other")).toBe(false);
  });
});
