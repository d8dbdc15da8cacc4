// The studio's page.
import { render } from "preact";
import { followAddress } from "./address.js";
import { getJson, sentence } from "./api.js";
import { App } from "./app.js";
import { type Session, session } from "./session.js";
import "./style.css";

const root = document.querySelector("#studio");
if (root === null) throw new TypeError("the page has no #studio");

followAddress();
getJson<Session>("api/session").then(
  (found) => {
    session.value = found;
    document.title = `${found.title} – pickbench studio`;
    root.replaceChildren();
    render(<App />, root);
  },
  (error: unknown) => render(<p class="failure">{sentence(error)}</p>, root),
);
