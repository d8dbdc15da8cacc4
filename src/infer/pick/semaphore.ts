/** Weighted semaphore, which limits the memory of work under way. */

/** Semaphore that admits work while the sizes under way stay within a limit; work above the limit runs alone. */
export class Semaphore {
  readonly #limit: number;
  readonly #waiting: { readonly size: number; readonly begin: () => void }[] = [];
  #underWay = 0;
  #size = 0;

  /** @param limit largest sum of the sizes under way */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` in its turn, first come, first served. */
  async run<T>(size: number, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ size, begin });
      this.#admit();
    });
    try {
      return await work();
    } finally {
      this.#underWay--;
      this.#size -= size;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#underWay > 0 && this.#size + next.size > this.#limit) return;
      this.#waiting.shift();
      this.#underWay++;
      this.#size += next.size;
      next.begin();
    }
  }
}
