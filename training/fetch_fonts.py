#!/usr/bin/env python3
"""Fetches the families of data/fonts.toml into a folder a family.

    fetch_fonts.py OUT_DIR

Most come whole, as TTF, from the npm packages @expo-google-fonts/<family>; `thabit` is Debian's fonts-hosny-thabit, `dejavu` Debian's
fonts-dejavu-core and -extra: unpack those by hand (`apt-get download`, `dpkg -x`) into OUT_DIR/thabit and OUT_DIR/dejavu.
"""
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path


def main():
    out = Path(sys.argv[1])
    families = tomllib.loads((Path(__file__).parent / "data/fonts.toml").read_text("utf-8"))["families"]
    for name in families:
        if (out / name).exists():
            continue
        if name in ("thabit", "dejavu"):
            print(f"{name}: from Debian, see --help", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory() as folder:
            package = subprocess.check_output(["npm", "pack", "--silent", f"@expo-google-fonts/{name}"], cwd=folder, text=True).split()[-1]
            with tarfile.open(Path(folder) / package) as tar:
                (out / name).mkdir(parents=True)
                for member in tar.getmembers():
                    if member.name.endswith((".ttf", "LICENSE_FONT")):
                        (out / name / Path(member.name).name).write_bytes(tar.extractfile(member).read())
        print(name, len(list((out / name).glob("*.ttf"))))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main()
