import { setUpDrafts } from "./drafts.js";
import { setUpFinder } from "./finder.js";
import { setUpKeyboard } from "./keyboard.js";
import { setUpPage } from "./page.js";
import { setUpRequests } from "./requests.js";
import { setUpRows } from "./rows.js";

document.documentElement.classList.add("has-scripts");
setUpRequests();
setUpPage();
setUpDrafts();
setUpRows();
setUpKeyboard();
setUpFinder();
