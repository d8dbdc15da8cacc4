import { expect, test } from "vitest";
import { checkOneFile } from "../../../../src/engines/onnx/external/model.js";

/** A field of a protobuf message that holds bytes: a message, or text. */
function field(number: number, content: Uint8Array): Buffer {
  const tag = number < 16 ? [(number << 3) | 2] : [((number << 3) & 0x7f) | 2 | 0x80, number >> 4];
  return Buffer.concat([Buffer.from([...tag, content.length]), content]);
}

const text = (value: string): Buffer => Buffer.from(value);
// Numbers of fields in onnx.proto.
const location = field(13, Buffer.concat([field(1, text("location")), field(2, text("../secret"))]));
const outside = Buffer.concat([field(8, text("w")), Buffer.from([14 << 3, 1]), location]);
const inside = field(8, text("w"));
const withoutLocation = Buffer.concat([field(8, text("w")), location]);
const node = (attribute: Uint8Array) => Buffer.concat([field(4, text("Add")), field(5, attribute)]);
const plainNode = field(1, field(4, text("Add")));
const modelOf = (...parts: readonly Uint8Array[]) => field(7, Buffer.concat([plainNode, ...parts]));

test.each([
  ["an initializer", (tensor: Uint8Array) => modelOf(field(5, tensor))],
  ["a sparse initializer", (tensor: Uint8Array) => modelOf(field(15, field(1, tensor)))],
  ["an attribute", (tensor: Uint8Array) => modelOf(field(1, node(field(5, tensor))))],
  ["a list of an attribute", (tensor: Uint8Array) => modelOf(field(1, node(field(10, tensor))))],
  ["a graph of an attribute", (tensor: Uint8Array) => modelOf(field(1, node(field(6, field(5, tensor)))))],
  [
    "a function of the model",
    (tensor: Uint8Array) => Buffer.concat([modelOf(), field(25, field(7, node(field(5, tensor))))]),
  ],
])("a model is refused whose values of %s lie in another file", (_, model) => {
  for (const tensor of [outside, withoutLocation])
    expect(() => checkOneFile("a.onnx", model(tensor))).toThrow(
      "a.onnx: it keeps its weights in other files beside it",
    );
  expect(() => checkOneFile("a.onnx", model(inside))).not.toThrow();
});
