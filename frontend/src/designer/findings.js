// What is wrong, at the element and in a list below the canvas. All texts are set as text.
import { csrfToken } from "../csrf.js";
import { editorOf } from "./choices.js";
import { translate } from "./language.js";

const RANK = { error: 0, warning: 1, hint: 2 };
const LABELS = { error: "Error", warning: "Warning", hint: "Hint" };
const SIGNS = { error: "✕", warning: "!", hint: "i" };

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

export class Findings {
  /** `editor`: the element of the page; `show(id)` selects an element of the file; `nameOf(id)` says what it is called. */
  constructor(editor, { show, nameOf, hints = async () => [] }) {
    this.editor = editor;
    this.list = editor.querySelector("[data-findings]");
    this.summary = editor.querySelector("[data-findings-summary]");
    this.name = editor.dataset.name;
    Object.assign(this, { show, nameOf, hints });
    this.all = [];
    this.told = () => {};
  }

  /** Findings at one element of this file. */
  of(id) {
    return this.all.filter((one) => one.file === this.name && one.element === id);
  }

  /** Ask the server and the rules of drawing again. The last question asked is the one that counts. */
  async check() {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    const [found, hints] = await Promise.all([this.ask(), this.hints()]);
    if (asked !== this.asked || found === null) {
      return;
    }
    this.all = [...found, ...hints].sort((one, other) => RANK[one.severity] - RANK[other.severity]);
    this.render();
    this.told();
  }

  async ask() {
    try {
      const answer = await fetch(this.editor.dataset.checkUrl, {
        method: "POST",
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      });
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      return (await answer.json()).findings;
    } catch (error) {
      console.warn("the draft could not be checked", error);
      this.summary.textContent = translate("The check could not be reached; it is asked again after the next change.");
      return null;
    }
  }

  render() {
    const count = (severity) => this.all.filter((one) => one.severity === severity).length;
    const numbers = { errors: count("error"), warnings: count("warning"), hints: count("hint") };
    this.summary.textContent = translate("Errors: {errors}, warnings: {warnings}, hints: {hints}", numbers);
    this.editor.dataset.errors = numbers.errors;
    this.list.replaceChildren(...this.all.map((one) => this.line(one)));
  }

  line(finding) {
    const line = document.createElement("li");
    line.className = `finding is-${finding.severity}`;
    const here = finding.file === this.name;
    const target = document.createElement(here ? "button" : "a");
    target.className = "finding-target";
    if (here) {
      target.type = "button";
      target.addEventListener("click", () => this.show(finding.element));
    } else {
      target.href = editorOf(this.editor, finding.file);
    }
    target.append(
      element("span", "finding-kind", translate(LABELS[finding.severity] ?? "Hint")),
      element("span", "finding-place", this.place(finding, here)),
      element("span", "finding-message", finding.message),
    );
    if (finding.remedy) {
      target.append(element("span", "finding-remedy", finding.remedy));
    }
    line.append(target);
    return line;
  }

  place(finding, here) {
    const name = here && finding.element ? this.nameOf(finding.element) : finding.element;
    return [here ? "" : finding.file, name].filter(Boolean).join(" · ");
  }

  /** A sign with the number of findings, for an overlay; null when there are none. */
  sign(id) {
    const here = this.of(id);
    if (!here.length) {
      return null;
    }
    const [worst] = here; // sorted: errors first
    const text = here.length > 1 ? String(here.length) : SIGNS[worst.severity];
    const sign = element("span", `finding-sign is-${worst.severity}`, text);
    sign.title = here.map((one) => one.message).join("\n");
    sign.setAttribute("aria-hidden", "true"); // the list below has the same findings, for keyboard and screen reader
    sign.addEventListener("click", () => this.show(id));
    return sign;
  }

  get marked() {
    return [...new Set(this.all.filter((one) => one.file === this.name && one.element).map((one) => one.element))];
  }
}
