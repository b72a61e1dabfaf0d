/** The CSRF token of the page, for requests that scripts make themselves. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}
