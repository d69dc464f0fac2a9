// A live region that announces changes to screen readers.
const line = document.createElement("p");
line.id = "status";
line.className = "visually-hidden";
line.setAttribute("role", "status");
document.body.append(line);

export function say(text) {
  line.textContent = text;
}
