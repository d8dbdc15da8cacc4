/**
 * A heap of numbered things by their cost, with four below each: fewer steps through memory than with two. A thing may be
 * put in again when its cost has changed; older entries are known by their stamp.
 */

/** Things by cost; of equal costs, the one with the least number is first. */
export class CostHeap {
  #costs = new Float64Array(1024);
  #items = new Int32Array(1024);
  #stamps = new Int32Array(1024);
  #size = 0;
  /** Number, stamp and cost of the entry that was taken out last. */
  item = -1;
  stamp = -1;
  cost = Number.NaN;

  push(cost: number, item: number, stamp = 0): void {
    if (this.#size === this.#items.length) this.#grow();
    const [costs, items] = [this.#costs, this.#items];
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >> 2;
      if (costs[above]! < cost || (costs[above]! === cost && items[above]! < item)) break;
      this.#move(above, at);
      at = above;
    }
    costs[at] = cost;
    items[at] = item;
    this.#stamps[at] = stamp;
  }

  /** Takes out what costs least, into `item`, `stamp` and `cost`. Returns whether there was anything. */
  pop(): boolean {
    if (this.#size === 0) return false;
    const [costs, items, stamps] = [this.#costs, this.#items, this.#stamps];
    this.item = items[0]!;
    this.cost = costs[0]!;
    this.stamp = stamps[0]!;
    const last = --this.#size;
    const [cost, item, stamp] = [costs[last]!, items[last]!, stamps[last]!];
    let at = 0;
    for (let first = 1; first < last; first = 4 * at + 1) {
      let least = first;
      const end = Math.min(first + 4, last);
      for (let other = first + 1; other < end; other++)
        if (
          costs[other]! < costs[least]! ||
          (costs[other]! === costs[least]! && items[other]! < items[least]!)
        )
          least = other;
      if (cost < costs[least]! || (cost === costs[least]! && item < items[least]!)) break;
      this.#move(least, at);
      at = least;
    }
    costs[at] = cost;
    items[at] = item;
    stamps[at] = stamp;
    return true;
  }

  #move(from: number, to: number): void {
    this.#costs[to] = this.#costs[from]!;
    this.#items[to] = this.#items[from]!;
    this.#stamps[to] = this.#stamps[from]!;
  }

  #grow(): void {
    const [costs, items, stamps] = [this.#costs, this.#items, this.#stamps];
    this.#costs = new Float64Array(2 * costs.length);
    this.#items = new Int32Array(2 * items.length);
    this.#stamps = new Int32Array(2 * stamps.length);
    this.#costs.set(costs);
    this.#items.set(items);
    this.#stamps.set(stamps);
  }
}
