// A search box with results below it, by keyboard: the arrows go through the results, Enter opens one.
//
//   <form data-finder="#results"> with an input; results: links [data-found], perhaps with data-then-focus
//   <form data-quick-submit>: Ctrl+Enter sends it from wherever one types

function found(form) {
  return [...document.querySelectorAll(`${form.dataset.finder} [data-found]`)];
}

function step(form, from, by) {
  const links = found(form);
  const next = links[links.indexOf(from) + by];
  (next ?? (by < 0 ? form.querySelector("input") : from))?.focus();
}

function pressed(event) {
  if (event.isComposing) {
    return; // Enter and the arrows belong to the input method while it composes characters
  }
  const quick = event.target.closest?.("form[data-quick-submit]");
  if (quick && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    quick.requestSubmit();
    return;
  }
  const form = event.target.closest?.("form[data-finder]");
  if (!form) {
    return;
  }
  const link = event.target.closest("[data-found]");
  if (event.key === "ArrowDown" || (event.key === "ArrowUp" && link)) {
    event.preventDefault();
    step(form, link, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && !link && event.target.matches("input") && found(form).length === 1) {
    event.preventDefault();
    found(form)[0].click(); // only one answers: no need to walk there
  }
}

/** Whoever is chosen, one goes on writing where the words belong; the results have done their work. */
function chosen(event) {
  const link = event.target.closest?.("[data-then-focus]");
  if (!link) {
    return;
  }
  const { thenFocus } = link.dataset;
  const list = link.closest("form[data-finder]");
  document.addEventListener(
    "htmx:afterSettle",
    () => {
      document.querySelector(thenFocus)?.focus();
      document.querySelector(list?.dataset.finder)?.replaceChildren();
      list?.reset();
    },
    { once: true },
  );
}

export function setUpFinder() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", chosen);
}
