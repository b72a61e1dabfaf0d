// Chinese and English for everything the editors say: our own words and those of the libraries.
//
// English texts are the keys. A text without a translation is shown as it is and noted in data-untranslated of the
// editor's element, where people and tests see it.
const chinese = (document.documentElement.lang || "en").toLowerCase().startsWith("zh");
const dictionary = new Map();
const missing = new Set();

/** Add translations: {English: Chinese}. */
export function learn(...parts) {
  for (const part of parts) {
    for (const [english, translation] of Object.entries(part)) {
      dictionary.set(english, translation);
    }
  }
}

export function isChinese() {
  return chinese;
}

function note(text) {
  if (missing.has(text)) {
    return;
  }
  missing.add(text);
  const place = document.querySelector("[data-untranslated]");
  if (place) {
    place.dataset.untranslated = [...missing].join(" | ");
  }
}

/** The text in the language of the page, with {names} filled in. */
export function translate(text, values = {}) {
  let found = text;
  if (chinese && typeof text === "string" && /[A-Za-z]/.test(text)) {
    found = dictionary.get(text);
    if (found === undefined) {
      note(text);
      found = text;
    }
  }
  return String(found ?? "").replace(/{([^{}]+)}/g, (whole, name) => values[name] ?? whole);
}

/** The translation, or null: for texts that may as well be a name somebody gave. */
export function known(text) {
  return dictionary.has(text) ? translate(text) : null;
}

/** Replaces the translate service of diagram-js and table-js. */
export const translateModule = { translate: ["value", translate] };
