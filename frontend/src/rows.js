// Fields of type "rows": add and remove rows; inputs are named <field>-<row>-<column>.
//
//   <div data-rows="actions"> <div data-rows-body> <div data-row>…</div> … </div>
//     <template data-row-template> <div data-row> … name="actions-__row__-owner" … </div> </template>
//     <button type="button" data-row-add> </div>          in each row: <button type="button" data-row-remove>

import htmx from "htmx.org";

const ATTRIBUTES = ["name", "id", "for", "aria-describedby", "aria-labelledby", "list"];

function renumber(row, field, number) {
  const pattern = new RegExp(`${field.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}-(?:\\d+|__row__)-`, "g");
  for (const element of [row, ...row.querySelectorAll("*")]) {
    for (const attribute of ATTRIBUTES) {
      const value = element.getAttribute(attribute);
      if (value) {
        element.setAttribute(attribute, value.replace(pattern, `${field}-${number}-`));
      }
    }
  }
  for (const place of row.querySelectorAll("[data-row-number]")) {
    place.textContent = String(number + 1);
  }
}

function renumberAll(box) {
  box.querySelectorAll("[data-row]").forEach((row, number) => renumber(row, box.dataset.rows, number));
}

function changed(box) {
  box.dispatchEvent(new Event("change", { bubbles: true })); // the draft must follow
}

function add(box) {
  const fragment = box.querySelector("template[data-row-template]").content.cloneNode(true);
  const row = fragment.querySelector("[data-row]");
  box.querySelector("[data-rows-body]").append(fragment);
  renumberAll(box);
  htmx.process(row);
  row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  changed(box);
}

export function setUpRows() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-row-add], [data-row-remove]");
    const box = button?.closest("[data-rows]");
    if (!box) {
      return;
    }
    event.preventDefault();
    if (button.hasAttribute("data-row-add")) {
      add(box);
    } else {
      button.closest("[data-row]").remove();
      renumberAll(box);
      changed(box);
    }
  });
}
