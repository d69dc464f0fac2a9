// The one place where changes are told to those who don't see them.
const line = document.createElement("p");
line.id = "status";
line.className = "visually-hidden";
line.setAttribute("role", "status");
document.body.append(line);

export function say(text) {
  line.textContent = text;
}
