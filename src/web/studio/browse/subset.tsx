// A subset of what is chosen: written beside the survey where that may be, else as text to copy.
import { useState } from "preact/hooks";
import type { MadeSubset } from "../../../studio/catalogue/newSubset.js";
import { named, send, sentence } from "../api.js";
import { inOrder, nothingChosen } from "./selection.js";
import { catalogue, order, selection, sort, where } from "./table.js";

/** What became of it, in a sentence. */
interface Told {
  readonly text: string;
  readonly isFailure: boolean;
}

export function SubsetBar() {
  const [name, setName] = useState("");
  const [told, setTold] = useState<Told | undefined>(undefined);
  const known = catalogue.value;
  const count = selection.value.chosen.size;
  if (!known) return null;
  const isFound = count === 0;
  const runs = isFound ? order.value : inOrder(selection.value, order.value);
  const make = async (): Promise<void> => {
    const way = sort.value === "run" ? {} : { sort: sort.value };
    const what = isFound ? { ...(where.value === "" ? {} : { where: where.value }), ...way } : { runs };
    try {
      const path = `api/catalogues/${named(known.id)}/subsets`;
      const made = await send<MadeSubset>("POST", path, { name, ...what });
      catalogue.value = { ...known, subsets: [...known.subsets, name].sort() };
      setTold({
        text: `${made.path}: ${made.runs} runs; commands take it as --runs @${name}`,
        isFailure: false,
      });
    } catch (error) {
      setTold({ text: sentence(error), isFailure: true });
    }
  };
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(`${runs.join("\n")}\n`);
      setTold({ text: `${runs.length} names copied, a line each`, isFailure: false });
    } catch {
      setTold({ text: "The browser does not let the page copy; mark the names below.", isFailure: true });
    }
  };
  return (
    <form
      class="subset-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (known.mayWrite) void make();
      }}
    >
      <output>{isFound ? `none chosen: all ${runs.length} found` : `${count} chosen`}</output>
      {known.mayWrite && (
        <>
          <label>
            Subset
            <input
              required
              value={name}
              placeholder="name"
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <button type="submit">write</button>
        </>
      )}
      <button type="button" onClick={() => void copy()}>
        copy names
      </button>
      {count > 0 && (
        <button
          type="button"
          onClick={() => {
            selection.value = { ...nothingChosen, active: selection.value.active };
          }}
        >
          choose none
        </button>
      )}
      <p class={told?.isFailure ? "failure" : "told"} role="status">
        {told?.text}
      </p>
      {told?.isFailure && !known.mayWrite && (
        <textarea readOnly rows={4} aria-label="names" value={runs.join("\n")} />
      )}
    </form>
  );
}
