// Unpacks the Chromium of @sparticuz/chromium and the libraries it needs into TMPDIR; prints the folder.
import { inflate } from "@sparticuz/chromium";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

const home = path.dirname(path.dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
for (const name of ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"]) {
  await inflate(path.join(home, "bin", name));
}
console.log(tmpdir());
