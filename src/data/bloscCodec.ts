import Blosc from "numcodecs/blosc";
import { registry } from "zarrita";
import { decodeBlosc } from "./bloscFrame.js";

interface BloscConfig {
  readonly cname?: string;
  readonly clevel?: number;
  readonly blocksize?: number;
}

const checkedBlosc = {
  kind: "bytes_to_bytes" as const,
  fromConfig(configuration: unknown) {
    const { cname = "lz4", clevel = 5, blocksize = 0 } = (configuration ?? {}) as BloscConfig;
    const encoder = Blosc.fromConfig({ id: "blosc", cname, clevel, blocksize });
    return {
      kind: "bytes_to_bytes" as const,
      encode: (bytes: Uint8Array) => encoder.encode(bytes),
      decode: decodeBlosc,
    };
  },
};

/** Makes zarrita decode Blosc with the checks of bloscFrame.ts. */
export function useCheckedBlosc(): void {
  for (const name of ["blosc", "numcodecs.blosc"]) registry.set(name, async () => checkedBlosc);
}
