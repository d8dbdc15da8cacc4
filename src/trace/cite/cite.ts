/**
 * What is to be cited for an output: the room `cite` knows the methods that pickbench implements and the works that they are from,
 * finds which of them a chain used, and writes them as BibTeX and as plain facts.
 */
import type { Chain } from "../chain.js";
import { bibtex, type Cited } from "./bibtex.js";
import { dataSetsOf } from "./dataSets.js";
import { gatherFacts } from "./facts.js";
import { paragraphOf } from "./paragraph.js";
import { citedFor, methodsUsed, type Used } from "./used.js";

/** What is to be cited for an output. */
export interface Citations {
  readonly methods: readonly Used[];
  readonly works: readonly Cited[];
  readonly bibtex: string;
  /** A methods paragraph, with keys in Pandoc's form. */
  readonly paragraph: string;
  /** Sentences on what cannot be told. */
  readonly notes: readonly string[];
}

/** Finds what is to be cited for the output of a chain. */
export async function citationsOf(chain: Chain): Promise<Citations> {
  const facts = await gatherFacts(chain);
  const dataSets = await dataSetsOf(chain, facts);
  const methods = methodsUsed(facts);
  const works = citedFor(
    methods,
    dataSets.flatMap(({ cited }) => cited),
  );
  return {
    ...{ methods, works, bibtex: bibtex(works) },
    paragraph: paragraphOf(facts, dataSets, methods),
    notes: works.length === 0 ? [...facts.notes, nothingKnown] : facts.notes,
  };
}

const nothingKnown = "nothing notes how it was made, so that nothing is known to be cited";
