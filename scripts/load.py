#!/usr/bin/env python3
"""Puts load on `warraq serve`: makes letters, and lets clerks search and open them. Python's standard library alone.

    scripts/load.py make 10000 letters       # tiny scans with their texts, for `warraq ingest --text-from letters letters`
    scripts/load.py run --url http://127.0.0.1:8080 --clerks 50 --seconds 60 --pause 1

`run` prints a JSON object: for searching, opening a letter and fetching its page image the number of answers, errors and the times
in milliseconds. A clerk searches, waits, opens one of the hits, fetches its first page's image, waits, and so on; `--pause` is the
mean wait in seconds, 0 for none. `--token` where there are accounts. Words to search for are those of the samples.
"""

import argparse
import asyncio
import datetime
import json
import random
import re
import struct
import time
import urllib.parse
import zlib
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
WORD = re.compile(r"[\u0621-\u064A]{4,}")


def lines_of_samples():
    """Returns lines of running text of the samples."""
    lines = []
    for path in sorted(SAMPLES.glob("*.gt.txt")):
        lines += [line.strip() for line in path.read_text("utf-8").splitlines() if len(WORD.findall(line)) >= 4]
    return sorted(set(lines))


def png(number):
    """Returns a page that no other is equal to: white, with its number in the first row of pixels."""
    width, height = 320, 448
    rows = [b"\0" + struct.pack(">Q", ~number & (2**64 - 1)) + b"\xff" * (width // 8 - 8)]
    rows += [b"\0" + b"\xff" * (width // 8)] * (height - 1)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")


def date_of(number):
    """Returns the date of a letter: letters of a day have numbers that follow one another."""
    return (datetime.date(2005, 1, 1) + datetime.timedelta(days=number // 20)).strftime("%d-%m-%Y")


def make(count, folder, first):
    """Writes letters: a head as offices write it, and lines of the samples in another order each time."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = lines_of_samples()
    words = sorted({word for line in lines for word in WORD.findall(line)})
    for number in range(first, first + count):
        dice = random.Random(number)
        cited = dice.randint(1, max(number - 1, 1))
        body = dice.sample(lines, min(len(lines), dice.randint(4, 9)))
        text = [
            "جمهورية العراق", "وزارة الموارد", "دائرة " + dice.choice(words),
            f"العدد / م ع/{number}", f"التاريخ / {date_of(number)}",
            "إلى / شركة " + dice.choice(words) + " العامة", "م/ " + " ".join(dice.sample(words, 4)), "تحية وتقدير",
            f"كتابكم المرقم م ع/{cited} في {date_of(cited)}", *body, "مع التقدير",
        ]
        (folder / f"{number:06}.png").write_bytes(png(number))
        (folder / f"{number:06}.gt.txt").write_text("\n".join(text), "utf-8")


class Clerk:
    """One browser: a connection that is kept open, as browsers keep theirs."""

    def __init__(self, url, token, seed, kept):
        self.place = urllib.parse.urlsplit(url)
        self.token, self.dice, self.kept = token, random.Random(seed), kept
        self.reader = self.writer = None

    async def ask(self, kind, path):
        """Asks, notes how long the answer took, and returns its body; `None` for an error."""
        head = f"GET {path} HTTP/1.1\r\nHost: {self.place.netloc}\r\n"
        head += f"Authorization: Bearer {self.token}\r\n\r\n" if self.token else "\r\n"
        started = time.perf_counter()
        try:
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection(self.place.hostname, self.place.port)
            self.writer.write(head.encode())
            status, body = await asyncio.wait_for(self.answer(), 30)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            status, body, self.writer = 0, b"", None
        self.kept[kind].append(((time.perf_counter() - started) * 1000, status))
        return body if status == 200 else None

    async def answer(self):
        """Reads one answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"content-length: (\d+)", head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        return int(head.split(" ", 2)[1]), body

    async def work(self, words, until, pause):
        """Searches and opens letters until the time is over."""
        await asyncio.sleep(self.dice.random() * pause)
        while time.perf_counter() < until:
            query = " ".join(self.dice.sample(words, self.dice.randint(1, 3)))
            found = await self.ask("search", "/api/v1/search?limit=20&facets=true&q=" + urllib.parse.quote(query))
            await asyncio.sleep(self.dice.expovariate(1 / pause) if pause else 0)
            hits = json.loads(found)["hits"] if found else []
            if hits:
                document = self.dice.choice(hits)["document"]
                await self.ask("open", f"/api/v1/documents/{document}")
                await self.ask("image", f"/api/v1/documents/{document}/pages/1/image?width=1280")
                await asyncio.sleep(self.dice.expovariate(1 / pause) if pause else 0)


async def run(options):
    """Lets all clerks work at once and prints what they met."""
    words = sorted({word for line in lines_of_samples() for word in WORD.findall(line)})
    kept = {"search": [], "open": [], "image": []}
    until = time.perf_counter() + options.seconds
    clerks = [Clerk(options.url, options.token, seed, kept) for seed in range(options.clerks)]
    await asyncio.gather(*(clerk.work(words, until, options.pause) for clerk in clerks))
    told = {}
    for kind, answers in kept.items():
        times = sorted(took for took, _ in answers)
        at = lambda share: round(times[min(len(times) - 1, int(share * len(times)))], 1) if times else None
        errors = sum(status != 200 for _, status in answers)
        told[kind] = {"answers": len(times), "errors": errors, "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1)}
    print(json.dumps({"clerks": options.clerks, "seconds": options.seconds, "pause": options.pause, **told}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    maker = commands.add_parser("make")
    maker.add_argument("count", type=int)
    maker.add_argument("folder", type=Path)
    maker.add_argument("--first", type=int, default=1)
    runner = commands.add_parser("run")
    runner.add_argument("--url", required=True)
    runner.add_argument("--token", default="")
    runner.add_argument("--clerks", type=int, default=50)
    runner.add_argument("--seconds", type=float, default=60)
    runner.add_argument("--pause", type=float, default=1)
    options = parser.parse_args()
    if options.command == "make":
        make(options.count, options.folder, options.first)
    else:
        asyncio.run(run(options))


if __name__ == "__main__":
    main()
