#!/usr/bin/env python3
"""Draws the sample letters: the vocabulary in pack/ in, scans with their truth out.

    LETTERS=<folder of the letter generator> python samples/make.py [OUT]

The generator composes and typesets synthetic official letters and damages them as scanners do. It is not part of this
repository; its packages must be installed in the Python that runs this. Which letters there are, which answers which,
and how each is scanned stands in PLAN below, so that every kind of file Warraq reads is there once, in a few pages.
"""
import datetime as dt
import io
import json
import os
import random
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, os.environ["LETTERS"])

from PIL import Image  # noqa: E402
from lettergen import arabic, compose, corpus, degrade, output, overlay, pack, queries, render  # noqa: E402

SEED = 7401
MINISTRY = "وزارة الإعمار والإسكان"
PROJECTS, HOUSING, ENGINEERING = (f"{MINISTRY} / {d}" for d in ("دائرة المشاريع", "دائرة الإسكان", "الدائرة الهندسية"))
WATER, ROADS, MATERIALS, DESIGN = ("شركة الأهوار العامة لمشاريع الماء", "شركة سومر العامة للطرق",
                                   "شركة بابل الجديدة للمواد الإنشائية", "شركة أكد العامة للتصاميم")
SCHOOLS = "وزارة التربية / مديرية الأبنية المدرسية"
PROJECT_OF_THREAD = {1: "مجمع الزهور السكني", 5: "مدرسة الفجر الابتدائية", 6: "المستشفى التعليمي في العمارة"}

# id, thread, topic, kind, from, to, date, digits, format, dpi, damage, pages, further marks
PLAN = [
    ("01-tiff-g4", 1, "water", "letter", WATER, [PROJECTS], "2016-02-14", "western", "tiff_g4", 200, "light", 2, {}),
    ("02-tiff-lzw", 1, "water", "letter", PROJECTS, [WATER], "2016-03-01", "western", "tiff_lzw_1bit", 200, "clean", 1, {}),
    ("03-pdf-ccitt", 1, "water", "letter", WATER, [PROJECTS], "2016-03-20", "western", "pdf_ccitt", 200, "clean", 1, {}),
    ("04-pdf-born-digital", 1, "water", "letter", PROJECTS, [WATER], "2016-04-10", "western", "pdf_born_digital", 0, None, 1, {}),
    ("05-jpeg-grey", 2, "bridges", "letter", ROADS, [ENGINEERING], "2017-05-09", "arabic", "jpeg_gray", 150, "light", 1, {}),
    ("06-pdf-jpeg", 2, "bridges", "letter", ENGINEERING, [ROADS], "2017-05-28", "arabic", "pdf_jpeg_gray", 150, "medium", 1, {}),
    ("07-jpeg-colour", 3, "documents", "circular", PROJECTS, [], "2018-01-16", "western", "jpeg_colour", 150, "light", 1, {}),
    ("08-png-1bit", 4, "housing_rent", "admin_order", HOUSING, [], "2015-10-06", "western", "png_1bit", 200, "clean", 1, {}),
    ("09-png-grey", 4, "housing_rent", "memo", HOUSING, ["قسم الحسابات"], "2015-10-20", "arabic", "png_gray", 150, "clean", 1, {}),
    ("10-pdf-flate", 5, "schools", "minutes", PROJECTS, [], "2017-07-11", "arabic", "pdf_flate_1bit", 200, "light", 1, {}),
    ("11-tiff-jpeg", 5, "schools", "letter", SCHOOLS, [PROJECTS], "2017-08-01", "western", "tiff_jpeg_gray", 150, "light", 1, {}),
    ("12-bmp", 6, "cement", "letter", MATERIALS, [PROJECTS], "2016-09-18", "western", "bmp", 150, "clean", 1, {}),
    ("13-webp", 6, "cement", "letter", PROJECTS, [MATERIALS], "2016-10-05", "western", "webp", 150, "light", 1, {}),
    ("14-upside-down", 7, "survey", "letter", DESIGN, [ENGINEERING], "2018-03-13", "western", "tiff_g4", 200, "light", 1, {"turn": 180}),
    ("15-blank-back", 7, "survey", "letter", ENGINEERING, [DESIGN], "2018-04-03", "western", "pdf_ccitt", 200, "light", 1, {"blank": True}),
    ("16-pdf-junk-text", 8, "documents", "letter", HOUSING, [DESIGN], "2018-06-19", "western", "pdf_garbage_text", 150, "light", 1, {}),
]
OWN = {"bmp": ("bilevel", False, "bmp"), "webp": ("gray", False, "webp")}


def compose_all(vocabulary):
    """The letters of PLAN, each citing the earlier ones of its thread."""
    rng = random.Random(SEED)
    numbering, threads, docs = compose.Numbering(vocabulary, rng), {}, []
    for ident, thread, topic, kind, sender, to, day, digits, _, _, _, pages, _ in PLAN:
        date = dt.date.fromisoformat(day)
        if thread not in threads:
            writer = compose.Writer(vocabulary, rng, date)
            if thread in PROJECT_OF_THREAD:
                writer.facts["project"] = PROJECT_OF_THREAD[thread]
            threads[thread] = (writer, writer.fill(vocabulary.topics[topic]["S"][0]), [])
        writer, subject, prior = threads[thread]
        writer.date = date
        doc = compose.Doc(id=ident, kind=kind, topic=topic, date=date, thread=thread, sender=sender, subject=subject, target_pages=pages)
        doc.style = compose._style(vocabulary, rng)
        doc.style.update(digit_mode=digits, handfilled=False, spelling=0 if digits == "western" else doc.style["spelling"])
        if sender == SCHOOLS:
            doc.style["layout"] = "split"  # the English head names another ministry
        doc.department = "قسم " + writer.pick("depts") if thread % 2 else ""
        doc.number = numbering.next(sender, date)
        doc.date_text = arabic.format_date(date, doc.style["date_form"])
        if doc.style["hijri"]:
            doc.hijri_text, doc.hijri_iso = arabic.format_hijri(date)
        compose.compose(writer, doc, prior, vocabulary.topics[topic], to)
        docs.append(doc)
        prior.append(doc)
    return docs


def own_file(name, page, dpi):
    """BMP and WebP, which the generator does not write."""
    image, out = Image.fromarray(page), io.BytesIO()
    if name == "bmp":
        image.convert("1", dither=Image.Dither.NONE).save(out, "BMP", dpi=(dpi, dpi))
    else:
        image.save(out, "WEBP", quality=40, method=6)
    return out.getvalue()


def scan(typesetter, vocabulary, doc, plan, rng, typeset):
    """One letter on paper and back: record, text of each page, bytes, extension."""
    name, dpi, level, marks = plan[8], plan[9], plan[10], plan[12]
    pdf, layouts, printer = typeset
    if name == "pdf_born_digital":
        return corpus.scan(typesetter, vocabulary, doc, pdf, layouts, printer, name, rng)
    mode, _, extension = {**output.FORMATS, **OWN}[name]
    texts = ["\n".join(line[0] for line in lines) for lines, _ in layouts]
    images = render.rasterise(pdf, dpi, True)
    ink = overlay.apply(typesetter, doc, images, layouts, rng, dpi, vocabulary, False)
    chosen = dict(degrade.plan(rng, level, mode), faded=False, fax=False, black_border=False)
    pages, effects = [], []
    for image in images:
        page, done = degrade.page(image, rng, dpi, level, mode, chosen)
        pages.append(output.turn(page, marks.get("turn", 0)))
        effects += [d for d in done if d not in effects]
    blanks = []
    if marks.get("blank"):
        white = np.full_like(images[0], 255)
        pages.append(degrade.page(white, rng, dpi, level, mode, dict(chosen, bleed_through=True), images[0], blank=True)[0])
        texts.append("")
        blanks.append(len(pages))
    quality = 42
    data = own_file(name, pages[0], dpi) if name in OWN else output.encode(name, pages, dpi, quality, texts, rng)
    record = corpus.record(doc, printer)
    turn = marks.get("turn", 0)
    record.update(format=name, mode=mode, font=doc.style["font"], layout=doc.style["layout"], handfilled=False,
                  digits=doc.style["digit_mode"], pages=len(pages), blank_pages=blanks, rotation=turn,
                  page_rotations=[turn] * len(images) + [0] * len(blanks), dpi=dpi, level=level,
                  degradations=effects + ink["effects"], stamps=ink["stamps"], margin_notes=ink["margin_notes"])
    return record, texts, data, extension


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    vocabulary = pack.Pack(HERE / "pack")
    for family in render.missing_fonts(vocabulary):
        print(f"warning: font not installed: {family}", file=sys.stderr)
    typesetter, records = render.Typesetter(vocabulary), []
    for number, (plan, doc) in enumerate(zip(PLAN, compose_all(vocabulary))):
        typeset = render.typeset(typesetter, doc, random.Random(f"{SEED}/{doc.id}"))
        rng = np.random.default_rng([SEED, number])
        record, texts, data, extension = scan(typesetter, vocabulary, doc, plan, rng, typeset)
        record["file"] = f"{doc.id}.{extension}"
        (out / record["file"]).write_bytes(data)
        (out / f"{doc.id}.gt.txt").write_text("\f".join(texts) + "\n", encoding="utf-8")
        (out / f"{doc.id}.gt.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        paragraphs = [typeset[2](b["text"]) for b in doc.blocks if b["t"] in ("para", "item", "subject")]
        records.append((doc, dict(record, _paragraphs=paragraphs), texts))
        print(f"{record['file']:<26} {record['number']:<14} {record['date']} {record['pages']} p  {len(data) // 1024:>4} KiB  {record['font']}")
    found = queries.build(vocabulary, random.Random(f"{SEED}/queries"), records)
    (out / "queries.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(records)} letters, {len(found)} queries")


if __name__ == "__main__":
    main()
