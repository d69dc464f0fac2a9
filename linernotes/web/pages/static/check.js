// How far a catalogue check is: asked until it has ended, then its page is loaded again with the result.
const FIRST_MS = 300;
const LONGEST_MS = 5000;
const PATIENCE = 20; // answers that may be missing in a row: a minute and more
const ENDED = ["done", "failed"];

let leaving = false;

const number = new Intl.NumberFormat("en");

export function watchCheck() {
  const section = document.getElementById("check-job");
  if (!section || ENDED.includes(section.dataset.state)) return;
  const address = `/api/v1/checks/${encodeURIComponent(section.dataset.job)}`;
  section.addEventListener("submit", () => { leaving = true; }); // it is deleted: to load it again would end that
  ask(address, FIRST_MS, 0);
}

async function ask(address, wait, missed) {
  const job = await fetch(address, { cache: "no-store" }).then(read, () => null);
  if (leaving) return;
  if (job && ENDED.includes(job.state)) return location.reload();
  if (job) show(job);
  if (missed > PATIENCE) return tell("The server doesn't answer; load this page again later.");
  const next = job ? wait : Math.min(wait * 1.5, LONGEST_MS);
  setTimeout(() => ask(address, next, job ? 0 : missed + 1), wait);
}

// A check that isn't there any more is told by its page; a server that is busy is asked again.
const read = (answer) => (answer.ok ? answer.json() : answer.status === 404 ? { state: "failed" } : null);

function show({ done, rows }) {
  const bar = document.getElementById("check-progress");
  if (!bar || !rows) return;
  bar.max = rows;
  bar.value = done;
  tell(`${number.format(done)} of ${number.format(rows)} rows checked`);
}

function tell(text) {
  const line = document.getElementById("check-status");
  if (line && line.textContent !== text) line.textContent = text;
}
