/**
 * Complex Fourier transforms of lines in the memory of pffft, compiled to WebAssembly with SIMD instructions. Numbers lie in
 * that memory as pairs of real and imaginary part, 32 bits each.
 */
import { PickbenchError } from "../../system/errors.js";

/** What the package's module has. Addresses and sizes are bytes. */
interface PffftModule {
  readonly HEAPF32: Float32Array;
  readonly HEAPF64: Float64Array;
  _pffft_aligned_malloc(bytes: number): number;
  _pffft_aligned_free(address: number): void;
  _pffft_new_setup(length: number, kind: number): number;
  _pffft_destroy_setup(setup: number): void;
  _pffft_transform(setup: number, from: number, to: number, work: number, direction: number): void;
  _pffft_transform_ordered(setup: number, from: number, to: number, work: number, direction: number): void;
  _pffft_zconvolve_accumulate(setup: number, a: number, b: number, into: number, scale: number): void;
}

const packageName: string = "@echogarden/pffft-wasm/simd";
const complexKind = 1;
/** Lines that are gathered together: a cache line of 64 bytes holds eight complex numbers. */
export const together = 8;
const complexBytes = 8;

/** Returns the least length ≥ n that pffft takes: a multiple of 16 whose other factors are 2, 3 and 5. */
export function goodLength(n: number): number {
  for (let length = 16 * Math.max(1, Math.ceil(n / 16)); ; length += 16) if (isGood(length)) return length;
}

function isGood(length: number): boolean {
  let left = length % 16 === 0 ? length / 16 : 7;
  for (const prime of [2, 3, 5]) while (left % prime === 0) left /= prime;
  return left === 1;
}

/** Directions of a transform, neither of which scales. */
export type Way = "forwards" | "backwards";
const numberOf = { forwards: 0, backwards: 1 } as const;

/** Allocates memory, and transforms lines that lie in it. One a thread; its memory ends with `close` or the thread. */
export class Lines {
  readonly #module: PffftModule;
  readonly #setups = new Map<number, number>();
  readonly #held: number[] = [];
  #work = 0;
  #workLength = 0;

  private constructor(module: PffftModule) {
    this.#module = module;
  }

  static async open(): Promise<Lines> {
    const { default: load } = (await import(packageName)) as { default: () => Promise<PffftModule> };
    return new Lines(await load());
  }

  /** All of the memory, as floats and as complex numbers (two floats moved as one double). Renewed by `allocate`. */
  get floats(): Float32Array {
    return this.#module.HEAPF32;
  }

  get pairs(): Float64Array {
    return this.#module.HEAPF64;
  }

  /**
   * Allocates complex numbers, with what they held before.
   *
   * @returns the index of the first among `pairs`
   * @throws PickbenchError System where there is no such memory: 2 GB at most
   */
  allocate(count: number): number {
    let address = 0;
    try {
      address = this.#module._pffft_aligned_malloc(count * complexBytes);
    } catch {
      // The module throws where its memory cannot grow.
    }
    if (address === 0)
      throw new PickbenchError(
        "System",
        `no memory for a block of ${Math.ceil((count * complexBytes) / 2 ** 20)} MiB; use fewer --threads`,
      );
    this.#held.push(address);
    return address / complexBytes;
  }

  /** Frees everything that was allocated. */
  close(): void {
    for (const address of this.#held.splice(0)) this.#module._pffft_aligned_free(address);
    for (const setup of this.#setups.values()) this.#module._pffft_destroy_setup(setup);
    this.#setups.clear();
    this.#workLength = 0;
  }

  /** Makes ready for lines of a length, before any transform: what it allocates may move the memory. */
  prepare(length: number): void {
    if (!isGood(length)) throw new RangeError(`pffft takes no length of ${length}`);
    if (!this.#setups.has(length))
      this.#setups.set(length, this.#module._pffft_new_setup(length, complexKind));
    if (length <= this.#workLength) return;
    this.#work = this.allocate(length) * complexBytes;
    this.#workLength = length;
  }

  /** Transforms the line at `at`, frequencies in their usual order. */
  transform(length: number, at: number, way: Way): void {
    const address = at * complexBytes;
    this.#module._pffft_transform_ordered(
      this.#setups.get(length)!,
      address,
      address,
      this.#work,
      numberOf[way],
    );
  }

  /** Transforms the line at `from` to `to`, frequencies in pffft's own order, which `multiply` and it alone understand. */
  transformUnordered(length: number, from: number, to: number, way: Way): void {
    this.#module._pffft_transform(
      this.#setups.get(length)!,
      from * complexBytes,
      to * complexBytes,
      this.#work,
      numberOf[way],
    );
  }

  /** Multiplies spectra in pffft's own order into `into`, several lines of one length after another. */
  multiply(length: number, a: number, b: number, into: number): void {
    this.floats.fill(0, 2 * into, 2 * (into + length));
    this.#module._pffft_zconvolve_accumulate(
      this.#setups.get(length)!,
      a * complexBytes,
      b * complexBytes,
      into * complexBytes,
      1,
    );
  }
}
