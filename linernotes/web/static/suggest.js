// Suggestions while typing: an ARIA 1.2 combobox whose list comes from the server.
// Names are untrusted data: they are only ever set as text.
import { say } from "./status.js";
import { address as addressOf, text as words, tracks } from "./texts.js";

const PAUSE_MS = 150; // below this, somebody who types quickly asks at each letter
const SIZE = 6; // of artists, and of titles: both fit a phone beside its keyboard
const LONGEST = 120; // characters shown of one name

// What would obey instead of being shown: controls, and marks that turn the direction of what follows.
const picture = (control) => (control < " " ? String.fromCharCode(0x2400 + control.charCodeAt(0)) : "\ufffd");
const visible = (text) => {
  const shown = text.replace(/[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, picture);
  return shown.length > LONGEST ? `${[...shown].slice(0, LONGEST).join("")}…` : shown;
};

function made(tag, className, text = "", attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// The suggestions as {name, note, address}. Artists of the same name are distinguished by an id, if they have one.
function suggestions(answer) {
  const names = answer.artists.map((artist) => artist.name);
  const artists = answer.artists.map(({ name, count, ids }) => {
    const id = names.filter((each) => each === name).length > 1 ? ids[0] : undefined;
    const address = addressOf("/artist", id ? { id } : { name });
    return { name, note: id ? `${tracks(count)}, ${words("id", { id: visible(id) })}` : tracks(count), address };
  });
  const titles = answer.titles.map(({ title, artists: by, count }) => {
    const artists = words("by", { artists: visible(by.join(", ")) });
    const note = by.length ? `${artists}, ${tracks(count)}` : tracks(count);
    return { name: title, note, address: addressOf("/search", { q: title }) };
  });
  return [[words("artists"), artists], [words("titles"), titles]].filter(([, each]) => each.length);
}

export function suggestFor(field) {
  const list = made("div", "suggestions", "", { id: "suggestions", role: "listbox", "aria-label": words("suggestions") });
  list.hidden = true;
  field.after(list);
  const role = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" };
  for (const [name, value] of Object.entries({ ...role, autocomplete: "off" })) field.setAttribute(name, value);

  let options = [];
  let active = -1; // -1 is the field itself
  let asking = null;
  let timer = 0;

  function mark(index) {
    options[active]?.setAttribute("aria-selected", "false");
    active = index;
    const option = options[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  }

  function show(groups) {
    mark(-1);
    list.replaceChildren(...groups.map(group));
    options = [...list.querySelectorAll("[role=option]")];
    options.forEach((option, index) => (option.id = `suggestion-${index}`));
    list.hidden = options.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
  }

  function group([label, entries], index) {
    const heading = made("div", "suggestions-label", label, { id: `suggestions-label-${index}` });
    const box = made("div", "suggestions-group", "", { role: "group", "aria-labelledby": heading.id });
    box.append(heading, ...entries.map(entry));
    return box;
  }

  function entry({ name, note, address }) {
    const option = made("div", "suggestion", "", { role: "option", "aria-selected": "false" });
    option.dataset.address = address;
    option.append(made("bdi", "suggestion-name", visible(name)), " ", made("bdi", "suggestion-note", note));
    return option;
  }

  function close() {
    clearTimeout(timer);
    asking?.abort();
    show([]);
  }

  async function ask() {
    asking?.abort();
    const text = field.value.trim();
    if (!text) return close();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const query = new URLSearchParams({ q: text, size: SIZE });
      const response = await fetch(`/api/v1/suggest?${query}`, { signal });
      const groups = response.ok ? suggestions(await response.json()) : [];
      if (signal.aborted || document.activeElement !== field) return;
      show(groups);
      const counts = groups.map(([label, each]) => `${label}: ${each.length}`).join(", ");
      say(counts ? words("some", { counts }) : words("none"));
    } catch {
      if (!signal.aborted) show([]); // typing goes on as if there were no suggestions
    }
  }

  function askSoon(wait = PAUSE_MS) {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }

  const go = (option) => {
    close();
    location.assign(option.dataset.address);
  };
  const step = (by) => {
    if (list.hidden) return askSoon(0);
    const places = options.length + 1; // the field is one of them, between last and first
    mark(((active + 1 + by + places) % places) - 1);
  };
  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => active >= 0 && go(options[active]),
    Escape: () => !list.hidden && close(),
  };

  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (["Home", "End", "ArrowLeft", "ArrowRight"].includes(event.key)) mark(-1); // the caret moves: back to the text
    const act = keys[event.key];
    if (act && act() !== false) event.preventDefault();
  });
  field.addEventListener("input", (event) => event.isComposing || askSoon());
  field.addEventListener("compositionend", () => askSoon());
  field.addEventListener("blur", close);
  field.form?.addEventListener("submit", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) go(option);
  });
}
