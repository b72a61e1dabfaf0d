// Short notices in the corner, read out by screen readers.

function corner() {
  let box = document.getElementById("notices");
  if (!box) {
    box = document.createElement("div");
    box.id = "notices";
    box.setAttribute("role", "status");
    box.setAttribute("aria-live", "polite");
    document.body.append(box);
  }
  return box;
}

/** Shows `text` for some seconds. `kind`: "info", "success", "warning" or "danger". */
export function notice(text, kind = "info") {
  const item = document.createElement("div");
  item.className = `alert alert-${kind} notice`;
  item.textContent = text;
  corner().append(item);
  setTimeout(() => item.remove(), 6000);
}
