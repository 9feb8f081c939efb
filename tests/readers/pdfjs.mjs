// Prints what pdf.js reads from PDFs, its strings in the order it gives them: a JSON object a file, {"path": …, "pages": [text, …]}.
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';

const [modules, ...paths] = process.argv.slice(2);
const { getDocument } = await import(pathToFileURL(`${modules}/pdfjs-dist/legacy/build/pdf.mjs`));
for (const path of paths) {
  const data = new Uint8Array(fs.readFileSync(path));
  const file = await getDocument({ data, verbosity: 0 }).promise;
  const pages = [];
  for (let number = 1; number <= file.numPages; number += 1) {
    const { items } = await (await file.getPage(number)).getTextContent();
    pages.push(items.map((item) => item.str + (item.hasEOL ? '\n' : '')).join(''));
  }
  console.log(JSON.stringify({ path, pages }));
}
