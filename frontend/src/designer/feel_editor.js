// In the place of the FEEL editor that dmn-js brings: a plain text field. The engine has one expression language of its own,
// and the other one writes style sheets into the page, which our content policy refuses.
export default class PlainExpressionEditor {
  constructor({ container, value = "", onChange = () => {}, contentAttributes = {} }) {
    this.field = document.createElement("textarea");
    this.field.className = "keliu-expression";
    this.field.rows = 1;
    this.field.spellcheck = false;
    for (const [name, text] of Object.entries(contentAttributes)) {
      if (text) {
        this.field.setAttribute(name, text);
      }
    }
    this.field.addEventListener("input", () => {
      onChange(this.field.value);
      this.fit();
    });
    container.append(this.field);
    this.setValue(value);
  }

  fit() {
    this.field.rows = this.field.value.split("\n").length;
  }

  setValue(value) {
    if (this.field.value !== value) {
      this.field.value = value ?? "";
    }
    this.fit();
  }

  /** Set the focus, at `position` or at the end. */
  focus(position = this.field.value.length) {
    this.field.focus();
    this.field.setSelectionRange(position, position);
  }

  getSelection() {
    return { ranges: [{ from: this.field.selectionStart, to: this.field.selectionEnd }] };
  }

  setVariables() {}

  destroy() {
    this.field.remove();
  }
}
