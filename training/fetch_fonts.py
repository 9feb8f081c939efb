#!/usr/bin/env python3
"""Fetches the families of data/fonts.toml into a folder a family.

    fetch_fonts.py OUT_DIR

Most come whole, as TTF, from the npm packages @expo-google-fonts/<family>; `parastoo` and `samim` from the packages of their maker, `katibeh` (its
Arabic part) from @fontsource/katibeh; `thabit` is Debian's fonts-hosny-thabit, `dejavu` Debian's
fonts-dejavu-core and -extra: unpack those by hand (`apt-get download`, `dpkg -x`) into OUT_DIR/thabit and OUT_DIR/dejavu.
"""
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from fontTools.ttLib import TTFont


def keep(member, tar, folder):
    """Unpacks a font or its licence; leaves out faces that draw other digits than the text has."""
    path = Path(member.name)
    if path.name.startswith("LICENSE") or path.suffix == ".ttf" and not re.search("FD|WOL", path.name):
        (folder / path.name).write_bytes(tar.extractfile(member).read())
    elif path.name.endswith("-arabic-400-normal.woff2"):
        font = TTFont(io.BytesIO(tar.extractfile(member).read()))
        font.flavor = None
        font.save(folder / f"{folder.name}-Regular.ttf")


def main():
    out = Path(sys.argv[1])
    families = tomllib.loads((Path(__file__).parent / "data/fonts.toml").read_text("utf-8"))["families"]
    for name in families:
        if (out / name).exists():
            continue
        if name in ("thabit", "dejavu"):
            print(f"{name}: from Debian, see --help", file=sys.stderr)
            continue
        package = {"parastoo": "parastoo-font", "samim": "samim-font", "katibeh": "@fontsource/katibeh"}.get(name, f"@expo-google-fonts/{name}")
        with tempfile.TemporaryDirectory() as folder:
            archive = subprocess.check_output(["npm", "pack", "--silent", package], cwd=folder, text=True).split()[-1]
            with tarfile.open(Path(folder) / archive) as tar:
                (out / name).mkdir(parents=True)
                for member in tar.getmembers():
                    keep(member, tar, out / name)
        print(name, len(list((out / name).glob("*.ttf"))))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main()
