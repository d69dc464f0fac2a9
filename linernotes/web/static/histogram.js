// A range of years by dragging over #years. By keyboard, and without a script, its two fields do the same.
const SVG = "http://www.w3.org/2000/svg";
const CLICK_PX = 5; // a hand that moves less than this meant the bar under it

// Which year is at a place on the screen; years lie at equal distances between the first bar and the last.
function scale(svg) {
  const bars = [...svg.querySelectorAll(".bar")].map((bar) => {
    const { left, right } = bar.getBoundingClientRect();
    return { year: Number(bar.dataset.year), left, right };
  });
  bars.sort((one, other) => one.year - other.year);
  const [first, last] = [bars[0], bars.at(-1)];
  const middle = ({ left, right }) => (left + right) / 2;
  const step = (middle(last) - middle(first)) / (last.year - first.year || 1) || last.right - last.left;
  const inside = (year) => Math.min(Math.max(year, first.year), last.year);
  return {
    year: (x) => inside(Math.round(first.year + (x - middle(first)) / step)),
    edges: (from, to) => [from - 0.5, to + 0.5].map((year) => middle(first) + (year - first.year) * step),
  };
}

function began(event) {
  const svg = event.target.closest?.("#years");
  const form = document.getElementById("filters");
  if (!svg || !form || !event.isPrimary || event.button !== 0 || !svg.querySelector(".bar")) return;
  const { year, edges } = scale(svg);
  const [from, to] = [form.elements.year_from, form.elements.year_to];
  const before = [from.value, to.value];
  const start = event.clientX;
  const mark = document.createElementNS(SVG, "rect");
  mark.setAttribute("class", "selection");
  const ending = new AbortController();
  const on = (target, type, act) => target.addEventListener(type, act, { signal: ending.signal, capture: true });

  function moved({ pointerId, clientX }) {
    if (pointerId !== event.pointerId || (!mark.isConnected && Math.abs(clientX - start) < CLICK_PX)) return;
    if (!mark.isConnected) {
      svg.append(mark);
      svg.setPointerCapture(pointerId);
    }
    [from.value, to.value] = [year(start), year(clientX)].sort((one, other) => one - other);
    draw(...edges(Number(from.value), Number(to.value)));
  }

  function draw(left, right) {
    const here = svg.getScreenCTM().inverse();
    const { top, bottom } = svg.getBoundingClientRect();
    const [one, other] = [new DOMPoint(left, top), new DOMPoint(right, bottom)].map((at) => at.matrixTransform(here));
    const sides = { x: one.x, y: one.y, width: other.x - one.x, height: other.y - one.y };
    for (const [name, value] of Object.entries(sides)) mark.setAttribute(name, value);
  }

  function stop() {
    ending.abort();
    mark.remove();
  }

  function cancel() {
    [from.value, to.value] = before;
    stop();
  }

  function ended() {
    if (!mark.isConnected) return stop(); // a click on a bar is a link's
    addEventListener("click", refuse, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", refuse, { capture: true })); // none comes where nothing was hit
    stop();
    form.requestSubmit();
  }

  on(window, "pointermove", moved);
  on(window, "pointerup", ended);
  on(window, "pointercancel", cancel);
  on(window, "keydown", ({ key }) => key === "Escape" && cancel());
  on(svg, "dragstart", (drag) => drag.preventDefault()); // of a bar, as a link
}

function refuse(event) {
  event.preventDefault();
  event.stopPropagation();
}

export function dragYears() {
  document.addEventListener("pointerdown", began);
}
