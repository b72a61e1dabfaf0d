// htmx: settings for a strict CSP, the CSRF header, and words for what went wrong.
import htmx from "htmx.org";
import { csrfToken } from "./csrf.js";
import { notice } from "./notice.js";
import { word } from "./words.js";

export function setUpRequests() {
  htmx.config.includeIndicatorStyles = false;
  htmx.config.allowEval = false;
  htmx.config.allowScriptTags = false;
  htmx.config.selfRequestsOnly = true;
  htmx.config.historyCacheSize = 0; // pages hold personal data: none of it belongs into the browser's storage
  htmx.config.refreshOnHistoryMiss = true;
  // A refused form comes back as 400, 409 or 422 with the errors at its fields, so it must be shown.
  htmx.config.responseHandling = [
    { code: "204", swap: false },
    { code: "304", swap: false },
    { code: "[23]..", swap: true },
    { code: "4(00|09|22)", swap: true },
    { code: "[45]..", swap: false, error: true },
  ];
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:sendError", () => notice(word("offline"), "danger"));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) {
      location.reload(); // signed out elsewhere: the server shows the login page and comes back here
      return;
    }
    // A poll that fails says nothing: the next one may succeed.
    if (event.detail.requestConfig?.verb !== "get") {
      notice(word("refused"), "danger");
    }
  });
}
