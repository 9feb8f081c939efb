"""Prints what pdfium reads from PDFs: a JSON object a file, {"path": ..., "pages": [text, ...]}."""

import json
import sys

import pypdfium2

for path in sys.argv[1:]:
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)]
    print(json.dumps({"path": path, "pages": pages}))
