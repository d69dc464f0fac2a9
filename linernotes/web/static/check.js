// Polls the progress of a catalogue check until it has ended, then reloads the page with the result.
import { number, text as words } from "./texts.js";

const FIRST_MS = 300;
const MAX_MS = 5000;
const MAX_FAILURES = 20; // failed requests in a row: a minute and more
const ENDED = ["done", "failed"];

let leaving = false;

export function watchCheck() {
  const section = document.getElementById("check-job");
  if (!section || ENDED.includes(section.dataset.state)) return;
  const address = `/api/v1/checks/${encodeURIComponent(section.dataset.job)}`;
  section.addEventListener("submit", () => { leaving = true; }); // it is deleted: a reload would interrupt that
  ask(address, FIRST_MS, 0);
}

async function ask(address, wait, failures) {
  const job = await fetch(address, { cache: "no-store" }).then(read, () => null);
  if (leaving) return;
  if (job && ENDED.includes(job.state)) return location.reload();
  if (job) show(job);
  if (failures > MAX_FAILURES) return announce(words("away"));
  const next = Math.min(wait * 1.5, MAX_MS); // a long check is polled every five seconds
  setTimeout(() => ask(address, next, job ? 0 : failures + 1), wait);
}

// If the check no longer exists, the page says so; a busy server is polled again.
const read = (answer) => (answer.ok ? answer.json() : answer.status === 404 ? { state: "failed" } : null);

function show({ done, rows }) {
  const bar = document.getElementById("check-progress");
  if (!bar || !rows) return;
  bar.max = rows;
  bar.value = done;
  announce(words("checked", { done: number.format(done), rows: number.format(rows) }));
}

function announce(text) {
  const line = document.getElementById("check-status");
  if (line && line.textContent !== text) line.textContent = text;
}
