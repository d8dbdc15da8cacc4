/** Takes what is written to a stream, until the end; `take` gives it and forgets it. */
export function capture(stream: NodeJS.WriteStream): { take: () => string; end: () => void } {
  const { write } = stream;
  let text = "";
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    for (const each of rest) if (typeof each === "function") each();
    return true;
  };
  return {
    take() {
      const taken = text;
      text = "";
      return taken;
    },
    end() {
      stream.write = write;
    },
  };
}
