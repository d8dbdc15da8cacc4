import type { Attribute, GraphParts, Initializer, Node, ValueInfo } from "../graph/model.js";

/** A tensor of the graph by its name; its sizes are known when the model runs. */
export type Name = string;

/** Writes a graph of standard ONNX operators whose sizes are open. */
export class OpenGraph {
  private readonly nodes: Node[] = [];
  private readonly initializers = new Map<string, Initializer>();
  private readonly names = new Map<string, number>();

  /** Adds a node with one output, named after `label` or else its operator. */
  node(
    opType: string,
    input: readonly Name[],
    attribute: readonly Attribute[] = [],
    label: string = opType,
  ): Name {
    const output = this.unused(label);
    this.nodes.push({ name: output, opType, domain: "", input, output: [output], attribute });
    return output;
  }

  /** Adds a node that gives a tensor the name it has outside. */
  publish(tensor: Name, name: Name): void {
    this.nodes.push({
      name,
      opType: "Identity",
      domain: "",
      input: [tensor],
      output: [name],
      attribute: [],
    });
  }

  /** A constant of floats under this name; the one that is there already where the name is known. */
  floats(name: Name, dims: readonly number[], values: () => Float32Array): Name {
    return this.constant(name, 1, dims, values);
  }

  scalar(value: number): Name {
    return this.floats(`scalar(${value})`, [], () => Float32Array.of(value));
  }

  integers(values: readonly number[]): Name {
    return this.constant(
      `integers(${values})`,
      7,
      [values.length],
      () => new BigInt64Array(values.map(BigInt)),
    );
  }

  parts(inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): GraphParts {
    return { nodes: this.nodes, initializers: [...this.initializers.values()], inputs, outputs };
  }

  private unused(label: string): Name {
    const count = this.names.get(label) ?? 0;
    this.names.set(label, count + 1);
    return `${label}:${count}`;
  }

  private constant(
    name: Name,
    dataType: 1 | 7,
    dims: readonly number[],
    make: () => Float32Array | BigInt64Array,
  ): Name {
    if (!this.initializers.has(name)) {
      const values = make();
      const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.initializers.set(name, { name, dataType, dims, rawData });
    }
    return name;
  }
}
