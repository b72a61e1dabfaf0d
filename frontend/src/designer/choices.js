// What a designer may choose from, as the server knows it: groups, forms, decisions, handlers, messages and so on.
const LISTS = [
  "groups",
  "forms",
  "decisions",
  "handlers",
  "messages",
  "signals",
  "errors",
  "escalations",
  "processes",
  "calendars",
  "serviceLevels",
];

/** The address of the editor of another file of the draft. */
export function editorOf(editor, name) {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return editor.dataset.editUrl.replace("__name__", path);
}

/** The pick lists; an empty list stands for one the server does not send. */
export async function loadChoices(editor) {
  const answer = await fetch(editor.dataset.choicesUrl, {
    credentials: "same-origin",
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) {
    throw new Error(`${editor.dataset.choicesUrl}: ${answer.status}`);
  }
  const given = await answer.json();
  const lists = Object.fromEntries(LISTS.map((name) => [name, given[name] ?? []]));
  return { ...lists, formUrl: (key) => editorOf(editor, `${key}.json`) };
}
