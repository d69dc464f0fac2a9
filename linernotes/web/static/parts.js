// Links and forms with data-part are followed in place: the server answers the inside of #content and nothing else.
// Whatever goes wrong, the browser follows the link itself.
import { say } from "./status.js";

const content = () => document.getElementById("content");
const here = () => location.pathname + location.search;

let shown = here(); // the address whose content is on the page
let asking = null;

export function updateInPlace() {
  if (!content()) return;
  content().tabIndex = -1;
  history.scrollRestoration = "manual"; // content comes later than the browser would scroll
  if (history.state?.scroll) scrollTo(0, history.state.scroll);
  hideButtons();
  document.addEventListener("click", follow);
  document.addEventListener("submit", submit);
  document.addEventListener("change", change);
  addEventListener("popstate", goBack);
  for (const type of ["scrollend", "pagehide"]) addEventListener(type, keepScroll, { capture: true });
}

function follow(event) {
  const link = event.target.closest?.("a[data-part]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || event.defaultPrevented) return;
  event.preventDefault();
  go(new URL(link.getAttribute("href"), location.href)); // the property is no text in SVG
}

function submit(event) {
  const form = event.target;
  if (!form.matches("form[data-part]") || event.defaultPrevented) return;
  event.preventDefault();
  const address = new URL(form.action);
  const given = [...new FormData(form, event.submitter)].filter(([, value]) => value !== "");
  address.search = new URLSearchParams(given);
  go(address);
}

// Filters are applied as they are chosen; a text only when somebody sends it.
function change(event) {
  const form = event.target.form;
  if (form?.matches("form[data-part]:not([role=search])")) form.requestSubmit();
}

function goBack(event) {
  if (here() !== shown) return load(new URL(location.href), { scroll: event.state?.scroll ?? 0 });
  asking?.abort(); // back and forth again: what is shown is right
  content().removeAttribute("aria-busy");
}

// The same search with other filters stays where the eye is; another page of it, or another search, begins at its top.
function staysInPlace(address) {
  const was = new URL(shown, location.href).searchParams;
  const will = address.searchParams;
  return address.pathname === location.pathname && !will.has("after") && was.get("q") === will.get("q");
}

function go(address) {
  const stays = staysInPlace(address);
  return load(address, { scroll: stays ? scrollY : 0, moved: !stays, push: true });
}

async function load(address, { scroll, moved = false, push = false }) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const main = content();
  main.setAttribute("aria-busy", "true");
  try {
    // Not stored: the browser's own cache holds whole pages, and must not show a part in place of one.
    const answer = await fetch(address, { signal, cache: "no-store", headers: { "X-Part": "content" } });
    const title = answer.headers.get("x-title");
    if (!answer.ok || title === null) throw new Error("not a part");
    const text = await answer.text();
    if (signal.aborted) return; // another one is on its way
    keepScroll();
    if (push) enter(new URL(answer.url).pathname + new URL(answer.url).search + address.hash);
    shown = here();
    document.title = decodeURIComponent(title);
    swap(main, text, moved);
    scrollTo({ top: scroll, behavior: "instant" });
    main.removeAttribute("aria-busy");
    say(document.getElementById("total")?.textContent.trim() || document.title);
  } catch {
    if (signal.aborted) return;
    if (push) location.assign(address);
    else location.reload();
  }
}

function enter(address) {
  if (address !== shown) history.pushState(null, "", address);
}

function keepScroll() {
  if (here() === shown) history.replaceState({ ...history.state, scroll: scrollY }, "");
}

function swap(main, text, moved) {
  const focused = main.contains(document.activeElement) ? document.activeElement : null;
  const wanted = focused && !moved ? key(focused) : null;
  const opened = [...main.querySelectorAll("details[id]")].map(({ id, open }) => [id, open]);
  const template = document.createElement("template");
  template.innerHTML = text; // our own template's answer, everything in it escaped there
  main.replaceChildren(template.content);
  for (const [id, open] of moved ? [] : opened) {
    const again = document.getElementById(id);
    if (again?.matches("details")) again.open = open;
  }
  if (focused || moved) ((wanted && twin(main, wanted)) ?? main).focus({ preventScroll: true });
  hideButtons();
  fillField();
}

// What tells a control of the old content from the others, and is the same in the new one.
function key(node) {
  const value = node.matches("input[type=checkbox], input[type=radio]") ? node.value : "";
  const label = node.localName === "a" ? (node.getAttribute("aria-label") ?? node.textContent) : "";
  return [node.localName, node.id, node.getAttribute("name"), value, label].join("\n");
}

function twin(main, wanted) {
  return [...main.querySelectorAll("a, button, input, select, summary")].find((node) => key(node) === wanted);
}

function hideButtons() {
  for (const button of document.querySelectorAll("form[data-part] .apply")) button.hidden = true;
}

// The field stands outside of what was swapped; what somebody is typing there is left alone.
function fillField() {
  const field = document.getElementById("q");
  if (field && document.activeElement !== field) field.value = new URLSearchParams(location.search).get("q") ?? "";
}
