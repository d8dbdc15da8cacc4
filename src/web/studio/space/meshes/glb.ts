/** Binary glTF 2.0 (Khronos): triangles of all nodes, with the nodes' translations and scales. */
import { MeshError, type MeshParts } from "./meshData.js";

interface Document {
  readonly extras?: Readonly<Record<string, unknown>>;
  readonly nodes?: readonly GltfNode[];
  readonly meshes?: readonly { readonly primitives: readonly Primitive[] }[];
  readonly accessors?: readonly Accessor[];
  readonly bufferViews?: readonly {
    readonly byteOffset?: number;
    readonly byteLength: number;
    readonly byteStride?: number;
  }[];
  readonly materials?: readonly {
    readonly pbrMetallicRoughness?: { readonly baseColorFactor?: readonly number[] };
  }[];
}

interface GltfNode {
  readonly mesh?: number;
  readonly children?: readonly number[];
  readonly translation?: readonly number[];
  readonly scale?: readonly number[];
  readonly rotation?: readonly number[];
  readonly matrix?: readonly number[];
}

interface Primitive {
  readonly attributes: Readonly<Record<string, number>>;
  readonly indices?: number;
  readonly material?: number;
  readonly mode?: number;
}

interface Accessor {
  readonly bufferView?: number;
  readonly byteOffset?: number;
  readonly componentType: number;
  readonly count: number;
  readonly type: string;
  readonly sparse?: unknown;
}

const float = 5126;
const componentBytes: Readonly<Record<number, number>> = { 5121: 1, 5123: 2, 5125: 4, 5126: 4 };
const triangles = 4;

/** Reads a .glb file. @throws MeshError where it is none, or needs what is not read: rotated nodes, sparse or compressed data */
export function readGlb(bytes: Uint8Array): MeshParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 20 || view.getUint32(0, true) !== 0x46546c67)
    throw new MeshError("The file does not begin as a .glb file does.");
  const jsonLength = view.getUint32(12, true);
  const data = 20 + jsonLength + 8;
  if (data > bytes.length) throw new MeshError("The .glb file is cut off.");
  const document = documentOf(bytes.subarray(20, 20 + jsonLength));
  const reader = new AccessorReader(document, view, data);
  const found = (document.nodes ?? []).flatMap((node) =>
    node.mesh === undefined
      ? []
      : (document.meshes?.[node.mesh]?.primitives ?? [])
          .filter(({ mode }) => (mode ?? triangles) === triangles)
          .map((primitive) => partOf(primitive, node, reader)),
  );
  const colour = (document.materials ?? [])[0]?.pbrMetallicRoughness?.baseColorFactor;
  const notes = Object.entries(document.extras ?? {}).map(([key, value]) => [key, String(value)]);
  return {
    ...joined(found),
    notes: Object.fromEntries(notes),
    ...(colour && { colour: colour.slice(0, 3).map(shown) as [number, number, number] }),
  };
}

function documentOf(text: Uint8Array): Document {
  try {
    return JSON.parse(new TextDecoder().decode(text)) as Document;
  } catch {
    throw new MeshError("The .glb file's description is no JSON.");
  }
}

interface Part {
  readonly positions: Float32Array;
  readonly normals: Float32Array | undefined;
  readonly indices: Uint32Array;
}

function partOf({ attributes, indices }: Primitive, node: GltfNode, reader: AccessorReader): Part {
  if (node.rotation || node.matrix) throw new MeshError("The .glb file turns its parts, which is not read.");
  const position = attributes.POSITION;
  if (position === undefined) throw new MeshError("A part of the .glb file has no positions.");
  const positions = reader.vectors(position);
  const { translation = [0, 0, 0], scale = [1, 1, 1] } = node;
  if (node.translation || node.scale)
    for (let i = 0; i < positions.length; i++)
      positions[i] = positions[i]! * scale[i % 3]! + translation[i % 3]!;
  const normal = node.scale ? undefined : attributes.NORMAL;
  return {
    positions,
    normals: normal === undefined ? undefined : reader.vectors(normal),
    indices:
      indices === undefined
        ? Uint32Array.from({ length: positions.length / 3 }, (_, i) => i)
        : reader.indices(indices),
  };
}

function joined(parts: readonly Part[]): Omit<MeshParts, "notes"> {
  const sizeOf = (of: (part: Part) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
  const positions = new Float32Array(sizeOf((part) => part.positions.length));
  const hasNormals = parts.every(({ normals }) => normals !== undefined);
  const normals = new Float32Array(hasNormals ? positions.length : 0);
  const indices = new Uint32Array(sizeOf((part) => part.indices.length));
  let [at, corner] = [0, 0];
  for (const part of parts) {
    positions.set(part.positions, at);
    if (hasNormals) normals.set(part.normals!, at);
    indices.set(
      part.indices.map((index) => index + at / 3),
      corner,
    );
    at += part.positions.length;
    corner += part.indices.length;
  }
  return { positions, indices, ...(hasNormals && { normals }) };
}

/** Copies the numbers of accessors out of a file's one buffer. */
class AccessorReader {
  readonly #document: Document;
  readonly #view: DataView;
  readonly #start: number;

  constructor(document: Document, view: DataView, start: number) {
    this.#document = document;
    this.#view = view;
    this.#start = start;
  }

  vectors(accessor: number): Float32Array {
    const { at, stride, count, componentType } = this.#find(accessor, "VEC3", 3);
    if (componentType !== float) throw new MeshError("The .glb file's positions are no 32-bit floats.");
    const values = new Float32Array(3 * count);
    for (let i = 0; i < count; i++)
      for (let k = 0; k < 3; k++) values[3 * i + k] = this.#view.getFloat32(at + i * stride + 4 * k, true);
    return values;
  }

  indices(accessor: number): Uint32Array {
    const { at, stride, count, componentType } = this.#find(accessor, "SCALAR", 1);
    const read = {
      5121: (place: number) => this.#view.getUint8(place),
      5123: (place: number) => this.#view.getUint16(place, true),
      5125: (place: number) => this.#view.getUint32(place, true),
    }[componentType];
    if (!read || count % 3 !== 0) throw new MeshError("The .glb file's triangles are not whole.");
    return Uint32Array.from({ length: count }, (_, i) => read(at + i * stride));
  }

  #find(number: number, type: string, width: number) {
    const accessor = this.#document.accessors?.[number];
    const view = this.#document.bufferViews?.[accessor?.bufferView ?? -1];
    if (!accessor || !view || accessor.sparse !== undefined || accessor.type !== type)
      throw new MeshError("The .glb file keeps its numbers in a way that is not read.");
    const { count, componentType } = accessor;
    const bytes = (componentBytes[componentType] ?? 4) * width;
    const stride = view.byteStride ?? bytes;
    const at = this.#start + (view.byteOffset ?? 0) + (accessor.byteOffset ?? 0);
    const end = at + (count - 1) * stride + bytes;
    if (!Number.isInteger(count) || count < 0 || !(end <= this.#view.byteLength))
      throw new MeshError("The .glb file is cut off.");
    return { at, stride, count, componentType };
  }
}

/** Returns a colour's value, 0 to 255, from a share of light, by the rule of sRGB. */
function shown(share: number): number {
  const value = share <= 0.0031308 ? share * 12.92 : 1.055 * share ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}
