// Loaded in <head> without defer, so that a dark page never flashes white.
const STORE = "keliu-theme";

function wanted() {
  let stored = null;
  try {
    stored = localStorage.getItem(STORE);
  } catch {
    stored = null; // storage is forbidden here: follow the system
  }
  if (stored === "dark" || stored === "light") {
    return stored;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function show(theme) {
  document.documentElement.setAttribute("data-bs-theme", theme);
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.setAttribute("aria-pressed", String(theme === "dark"));
  }
}

show(wanted());
document.addEventListener("DOMContentLoaded", () => show(wanted()));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(wanted()));
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-theme-toggle]")) {
    return;
  }
  event.preventDefault();
  const next = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(STORE, next);
  } catch (error) {
    console.warn("the choice of colours cannot be kept", error);
  }
  show(next);
});
