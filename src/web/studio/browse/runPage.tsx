// A tomogram's page: its slice, projections of features, and all figures that the survey has of it.
import { useEffect, useState } from "preact/hooks";
import type { CataloguePage } from "../../../studio/catalogue/catalogue.js";
import { addressText } from "../address.js";
import { getJson, named, sentence } from "../api.js";
import { barOf } from "./composition.js";
import { Bar, canLook, pictureAddress } from "./item.js";
import { catalogue } from "./table.js";

export function RunPage({ run }: { readonly run: string }) {
  const [page, setPage] = useState<CataloguePage | undefined>(undefined);
  const [failure, setFailure] = useState("");
  const id = catalogue.value?.id;
  useEffect(() => {
    setPage(undefined);
    setFailure("");
    if (id === undefined) return;
    const gone = new AbortController();
    getJson<CataloguePage>(`api/catalogues/${named(id)}/runs/${named(run)}`, gone.signal).then(
      setPage,
      (error: unknown) => gone.signal.aborted || setFailure(sentence(error)),
    );
    return () => gone.abort();
  }, [run, id]);
  const features = catalogue.value?.features ?? [];
  return (
    <article class="run-page">
      <p class="page-ways">
        <a href={addressText("data", [id ?? ""])}>all tomograms</a>
        {canLook(run) && <a href={addressText("look", [run])}>look at {run}</a>}
      </p>
      <h2>{run}</h2>
      {failure && <p class="failure">{failure}</p>}
      {page && (
        <>
          {page.lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
          {features.length > 0 && (
            <Bar
              parts={barOf(
                features,
                features.map((name) => page.percents[name]),
              )}
            />
          )}
          <Pictures page={page} />
          {page.tables.map(({ rows: [head = [], ...rows], notes }) => (
            <div key={head[0]} class="figure-tables">
              <table>
                <thead>
                  <tr>
                    {head.map((cell) => (
                      <th key={cell}>{cell}</th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <tr key={row.slice(0, 2).join(" ")}>
                      {row.map((cell, at) => (
                        <td key={head[at]}>{cell}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
              {notes.map((note) => (
                <p key={note}>{note}</p>
              ))}
            </div>
          ))}
        </>
      )}
    </article>
  );
}

function Pictures({ page: { run, pictures } }: { readonly page: CataloguePage }) {
  return (
    <div class="run-pictures">
      {pictures.map((name) => (
        <figure key={name}>
          <img src={pictureAddress(run, name)} alt="" loading="lazy" />
          <figcaption>{titleOf(name)}</figcaption>
        </figure>
      ))}
    </div>
  );
}

/** What a picture shows, by its file's name. */
const titleOf = (name: string): string => {
  const stem = name.replace(/\.png$/, "");
  return stem.startsWith("projection_") ? stem.slice("projection_".length) : "middle slice";
};
