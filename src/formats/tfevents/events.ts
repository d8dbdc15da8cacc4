/**
 * Events of TensorBoard. The room `tfevents` writes event files: TFRecords of the Event message of TensorFlow's
 * event.proto, of which the fields wall_time 1, step 2, file_version 3 and summary 5 are written, each value of a
 * summary with its tag 1 and simple_value 2.
 */
import protobuf from "protobufjs";
import { frameRecord } from "./records.js";

/** Numbers of one moment. */
export interface ScalarEvent {
  /** Seconds since 1970-01-01 UTC. */
  readonly wallTime: number;
  readonly step: number;
  /** Values by tag. */
  readonly scalars: readonly (readonly [tag: string, value: number])[];
}

/** Wire types of protocol buffers, in the low bits of a key. */
const [varint, fixed64, lengthDelimited, fixed32] = [0, 1, 2, 5];
const key = (field: number, wire: number): number => (field << 3) | wire;

/** Returns the record that begins every event file. */
export function versionRecord(wallTime: number): Uint8Array {
  const event = protobuf.Writer.create()
    .uint32(key(1, fixed64))
    .double(wallTime)
    .uint32(key(3, lengthDelimited))
    .string("brain.Event:2");
  return frameRecord(event.finish());
}

/** Returns the record of numbers of one moment. */
export function scalarRecord({ wallTime, step, scalars }: ScalarEvent): Uint8Array {
  const event = protobuf.Writer.create()
    .uint32(key(1, fixed64))
    .double(wallTime)
    .uint32(key(2, varint))
    .int64(step);
  event.uint32(key(5, lengthDelimited)).fork();
  for (const [tag, value] of scalars)
    event
      .uint32(key(1, lengthDelimited))
      .fork()
      .uint32(key(1, lengthDelimited))
      .string(tag)
      .uint32(key(2, fixed32))
      .float(value)
      .ldelim();
  return frameRecord(event.ldelim().finish());
}

/** Place of the machine's name in the names of event files: it is nobody's business. */
const host = "pickbench";

/** Returns the name of an event file that was begun at a time in seconds. */
export const eventFileName = (wallTime: number): string =>
  `events.out.tfevents.${String(Math.floor(wallTime)).padStart(10, "0")}.${host}`;

/** Tells whether a file's name is one of `eventFileName`. */
export const isEventFile = (name: string): boolean =>
  name.startsWith("events.out.tfevents.") && name.endsWith(`.${host}`);
