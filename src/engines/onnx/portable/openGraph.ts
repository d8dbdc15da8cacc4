/** Writer of ONNX graphs with open sizes, in standard operators alone. */
import type { Attribute, GraphParts, Initializer, Node, ValueInfo } from "../graph/model.js";

/** Name of a tensor in the graph; the sizes are known only when the model runs. */
export type Name = string;

/** A graph of standard ONNX operators in the making, its sizes open. */
export class OpenGraph {
  private readonly nodes: Node[] = [];
  private readonly initializers = new Map<string, Initializer>();
  private readonly names = new Map<string, number>();

  /** Adds a node with one output, named after `label`, by default the operator. */
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

  /** Adds a node that makes a tensor an output under its public name. */
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

  /** Adds a constant of floats, or returns the one already stored under the name. */
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
