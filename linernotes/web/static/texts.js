// The page's texts in its language, and addresses that stay in a language that was chosen.
const root = document.documentElement;
const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");
const plural = new Intl.PluralRules(root.lang);

export const number = new Intl.NumberFormat(root.lang);

// A text with its placeholders filled: {name} by values.name.
export const text = (key, values = {}) =>
  (texts[key] ?? "").replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

export const tracks = (count) =>
  text(plural.select(count) === "one" ? "track" : "tracks", { count: number.format(count) });

export const address = (path, parameters) => {
  const chosen = root.dataset.chosen;
  return `${path}?${new URLSearchParams(chosen ? { ...parameters, lang: chosen } : parameters)}`;
};
