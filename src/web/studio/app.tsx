// The page's frame: title, tabs of views, light or dark.
import { signal } from "@preact/signals";
import { address, addressText } from "./address.js";
import { run } from "./look/stage.js";
import { session } from "./session.js";
import { views } from "./views.js";

type Theme = "light" | "dark";

const wished = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
const theme = signal<Theme>(wished);

function toggleTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme.value;
}

/** Names behind a tab's view: the run that is looked at stays. */
const namesOf = (view: string): string[] => (view === "look" && run.value ? [run.value] : []);

export function App() {
  const shown = views.filter(({ isShown }) => session.value && isShown(session.value));
  const asked = shown.find(({ name }) => name === address.value.view) ?? shown[0];
  return (
    <>
      <header class="top">
        <h1>{session.value?.title}</h1>
        <nav aria-label="views">
          {shown.map(({ name, label }) => (
            <a
              key={name}
              href={addressText(name, namesOf(name))}
              aria-current={name === asked?.name ? "page" : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        {session.value?.isAnnotating && (
          <p class="annotator">
            annotating as {session.value.user}, {session.value.session}
          </p>
        )}
        <button type="button" class="theme" onClick={toggleTheme}>
          {theme.value === "dark" ? "light" : "dark"}
        </button>
      </header>
      <main>{asked ? <asked.View /> : <p class="failure">There is nothing here that can be shown.</p>}</main>
    </>
  );
}
