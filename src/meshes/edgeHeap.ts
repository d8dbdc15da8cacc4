/** A heap of a mesh's edges by the cost of collapsing them; entries that have become void are known by their stamp. */

/** An edge, by a half-edge of it, with what it cost and the stamp it had when it was put in. */
export interface EdgeEntry {
  readonly edge: number;
  readonly stamp: number;
}

/** Gives back the edge that costs least; of equal costs, the one with the least number. */
export class EdgeHeap {
  #costs = new Float64Array(1024);
  #edges = new Int32Array(1024);
  #stamps = new Int32Array(1024);
  #size = 0;

  push(cost: number, edge: number, stamp: number): void {
    if (this.#size === this.#edges.length) this.#grow();
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(cost, edge, above)) break;
      this.#move(above, at);
      at = above;
    }
    this.#place(at, cost, edge, stamp);
  }

  /** Takes out the edge that costs least; undefined where there is none. */
  pop(): EdgeEntry | undefined {
    if (this.#size === 0) return undefined;
    const top = { edge: this.#edges[0]!, stamp: this.#stamps[0]! };
    const last = --this.#size;
    const [cost, edge, stamp] = [this.#costs[last]!, this.#edges[last]!, this.#stamps[last]!];
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= last) break;
      if (below + 1 < last && this.#isBefore(this.#costs[below + 1]!, this.#edges[below + 1]!, below))
        below++;
      if (this.#isBefore(cost, edge, below)) break;
      this.#move(below, at);
      at = below;
    }
    this.#place(at, cost, edge, stamp);
    return top;
  }

  #isBefore(cost: number, edge: number, other: number): boolean {
    const theirs = this.#costs[other]!;
    return cost < theirs || (cost === theirs && edge < this.#edges[other]!);
  }

  #move(from: number, to: number): void {
    this.#place(to, this.#costs[from]!, this.#edges[from]!, this.#stamps[from]!);
  }

  #place(at: number, cost: number, edge: number, stamp: number): void {
    this.#costs[at] = cost;
    this.#edges[at] = edge;
    this.#stamps[at] = stamp;
  }

  #grow(): void {
    const [costs, edges, stamps] = [this.#costs, this.#edges, this.#stamps];
    this.#costs = new Float64Array(2 * costs.length);
    this.#edges = new Int32Array(2 * edges.length);
    this.#stamps = new Int32Array(2 * stamps.length);
    this.#costs.set(costs);
    this.#edges.set(edges);
    this.#stamps.set(stamps);
  }
}
