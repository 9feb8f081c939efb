"""Writes the text of one printed line: office correspondence, tables, numbers and running prose, in logical order.

In: a random generator, sentences of prose, the phrases of data/phrases.txt. Out: a list of cells (one for most lines, several for
a row of a table), each a string made of characters of CHARS only.
"""
import re
from pathlib import Path

EASTERN = "٠١٢٣٤٥٦٧٨٩"
LETTERS = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي" + "پچگڤ"
MARKS = "ًٌٍَُِّْ"
PUNCTUATION = "،؛؟٪%.,:;/\\-–()[]{}\"'«»*+=&@#_!?<>|×•°$"
LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHARS = " " + LETTERS + MARKS + "ـ" + EASTERN + "0123456789" + PUNCTUATION + LATIN

# Other code points that are drawn alike, or that a truth should hold in one way only.
SAME = str.maketrans({"“": '"', "”": '"', "″": '"', "‘": "'", "’": "'", "´": "'", "…": "...", "—": "–", "‐": "-", "‑": "-", "٬": ",", "٫": ",",
                      "\u00a0": " ", "ڨ": "ڤ", "ٲ": "أ", "ٱ": "ا", "ی": "ي", "ک": "ك", "é": "e", "É": "E", "\u200f": "", "\u200e": ""})
LEVANTINE = "كانون الثاني,شباط,آذار,نيسان,أيار,حزيران,تموز,آب,أيلول,تشرين الأول,تشرين الثاني,كانون الأول".split(",")
GREGORIAN = "يناير,فبراير,مارس,أبريل,مايو,يونيو,يوليو,أغسطس,سبتمبر,أكتوبر,نوفمبر,ديسمبر".split(",")
MAGHREBI = "جانفي,فيفري,مارس,أفريل,ماي,جوان,جويلية,أوت,سبتمبر,أكتوبر,نوفمبر,ديسمبر".split(",")
HIJRI = "محرم,صفر,ربيع الأول,ربيع الآخر,جمادى الأولى,جمادى الآخرة,رجب,شعبان,رمضان,شوال,ذو القعدة,ذو الحجة,ربيع الثاني,ذي القعدة,ذي الحجة".split(",")
DAYS = "السبت,الأحد,الاثنين,الإثنين,الثلاثاء,الأربعاء,الخميس,الجمعة".split(",")
LATIN_WORDS = ("info office mail contact admin company group trading gov edu org com net Project Contract Supply Ministry of and the Republic "
               "Directorate General Company Limited Ltd Co Engineering Department Baghdad Amman Cairo Riyadh Beirut Tunis Email Tel Fax Mob P.O.Box "
               "Excel Word PDF CD DVD USB LED LCD GPS GIS PVC UPVC HDPE BOQ ISO ASTM API kVA KW MW HP Dell Canon Toshiba Siemens Caterpillar Volvo "
               "Toyota Hilux Model Type Serial Part Pump Valve Cable Diesel Generator Printer LaserJet Core Test Report Invoice Offer Ref Page "
               "Size XLPE SCADA CCTV WiFi Server Router Switch Windows Office Oracle SQL Visa IBAN SWIFT USD IQD EUR January March Dear Sir").split()


def read_sections(path=Path(__file__).parent / "data/phrases.txt"):
    """Returns the entries of each [section]."""
    sections, current = {}, None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return sections


def tidy(text):
    """Maps look-alikes to one form, drops what is not in CHARS, joins runs of spaces and of tatweel."""
    text = "".join(c for c in text.translate(SAME) if c in CHARS)
    return re.sub("ـ+", "ـ", re.sub(" +", " ", text)).strip()


class Writer:
    """Writes lines. `rng` is a random.Random, so that a seed gives the same lines."""

    def __init__(self, rng, sentences):
        self.rng, self.sentences, self.part = rng, sentences, read_sections()

    def pick(self, section):
        return self.rng.choice(self.part[section])

    # numbers -----------------------------------------------------------------------------------------------------------
    def digits(self, low=1, high=6):
        length = self.rng.randint(low, high)
        first = self.rng.choice("123456789") if length > 1 and self.rng.random() < 0.9 else self.rng.choice("0123456789")
        rest = "".join(self.rng.choice("0123456789") for _ in range(length - 1))
        if self.rng.random() < 0.08 and length > 2:
            rest = self.rng.choice("0123456789") * (length - 1)
        return first + rest

    def year(self):
        r = self.rng.random()
        return str(self.rng.randint(2000, 2026) if r < 0.75 else self.rng.randint(1950, 2030))

    def date(self):
        rng = self.rng
        day, month = str(rng.randint(1, 31)), str(rng.randint(1, 12))
        if rng.random() < 0.25:
            day, month = day.zfill(2), month.zfill(2)
        year = self.year() if rng.random() < 0.93 else self.year()[2:]
        style = rng.random()
        if style < 0.14:
            months = rng.choice([LEVANTINE, LEVANTINE, GREGORIAN, GREGORIAN, MAGHREBI])
            name = rng.choice(months)
            if rng.random() < 0.08:
                name = f"{name}/{rng.choice(GREGORIAN)}"
            return f"{day} {name} {year}" if rng.random() < 0.7 else f"{day}/{name}/{year}"
        if style < 0.2:
            return f"{year}{rng.choice(['/', '-'])}{month.zfill(2)}{rng.choice(['/', '-'])}{day.zfill(2)}"
        sep = rng.choice(["/", "/", "/", "/", " / ", " / ", "/ ", " /", "-", " - ", ".", "\\"])
        parts = [day, month, year] if rng.random() < 0.75 else [year, month, day]
        if rng.random() < 0.06:
            parts[0] = " "
        suffix = rng.choice([""] * 8 + [" م", "م", " هـ"])
        return sep.join(parts).strip() + suffix

    def hijri(self):
        rng = self.rng
        day, year = rng.randint(1, 30), rng.randint(1395, 1448)
        suffix = rng.choice([" هـ", "هـ", " هـ", " ه", ""])
        if rng.random() < 0.5:
            return f"{day} {rng.choice(HIJRI)} {year}{suffix}"
        sep = rng.choice(["/", "/", " / ", "-"])
        return sep.join([str(day), str(rng.randint(1, 12)), str(year)]) + suffix

    def code(self):
        rng = self.rng
        sep = rng.choice(["/", "/", "/", " / ", "/ ", " /", "-", " - "])
        part = lambda: self.pick("code_part")
        number = self.digits(1, 5)
        form = rng.random()
        if form < 0.15:
            return number
        if form < 0.4:
            return f"{part()}{sep}{number}"
        if form < 0.65:
            return f"{part()}{sep}{rng.randint(1, 99)}{sep}{number}"
        if form < 0.75:
            return f"{rng.randint(1, 99)}{sep}{number}"
        if form < 0.85:
            return f"{part()}{sep}{part()}{sep}{number}"
        if form < 0.9:
            return f"{number}{sep}{part()}"
        if form < 0.95:
            return f"({number})"
        return f"{number}{sep}{self.year()}"

    def amount(self):
        rng = self.rng
        groups = rng.choice([0, 1, 1, 2, 2, 3])
        comma = rng.choice([",", ",", ",", "،", "."])
        text = str(rng.randint(1, 999))
        for _ in range(groups):
            text += comma + rng.choice(["000", "000", "500", f"{rng.randint(0, 999):03d}", f"{rng.randint(0, 999):03d}"])
        if rng.random() < 0.2:
            text += rng.choice([".", "."] if comma != "." else [","]) + f"{rng.randint(0, 99):02d}"
        return text

    def percent(self):
        rng = self.rng
        text = str(rng.randint(0, 100)) if rng.random() < 0.75 else f"{rng.randint(0, 99)}{rng.choice(['.', ','])}{rng.randint(1, 99)}"
        sign = rng.choice(["%", "%", "%", "٪", " %"])
        return sign.strip() + text if rng.random() < 0.15 else text + sign

    def phone(self):
        rng = self.rng
        form = rng.random()
        if form < 0.35:
            return "07" + self.digits(9, 9)
        if form < 0.6:
            return self.digits(7, 8)
        if form < 0.8:
            return f"{rng.choice(['+', '00', ''])}{rng.choice(['964', '962', '966', '20', '961', '216', '212'])}{rng.choice(['', ' ', '-'])}{self.digits(8, 10)}"
        return f"{self.digits(3, 4)}{rng.choice(['-', ' ', '/'])}{self.digits(4, 7)}"

    def name(self):
        rng = self.rng
        words = [self.pick("name") for _ in range(rng.randint(2, 4))]
        return (self.pick("honorific") + " " if rng.random() < 0.3 else "") + " ".join(words)

    def latin(self):
        rng = self.rng
        form = rng.random()
        if form < 0.5:
            words = [rng.choice(LATIN_WORDS) for _ in range(rng.choice([1, 1, 2, 2, 3, 4, 6]))]
            text = " ".join(words)
        elif form < 0.7:
            text = rng.choice(LATIN_WORDS) + rng.choice([" ", "-", ""]) + self.digits(1, 4)
        elif form < 0.85:
            text = "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(rng.randint(1, 4))) + rng.choice(["-", "", " ", "/"]) + self.digits(1, 5)
        else:
            text = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 9)))
            text = text.capitalize() if rng.random() < 0.6 else text
        case = rng.random()
        return text.upper() if case < 0.12 else text.lower() if case < 0.2 else text

    def mail(self):
        rng = self.rng
        word = lambda: rng.choice(LATIN_WORDS).lower().replace(".", "") if rng.random() < 0.5 else "".join(
            rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 8)))
        tail = rng.choice(["com", "net", "org", "gov.iq", "edu.iq", "iq", "gov.jo", "com.sa", "gov.eg", "tn"])
        if rng.random() < 0.25:
            return f"{rng.choice(['www.', 'http://www.', ''])}{word()}.{tail}"
        return f"{word()}{rng.choice(['', '', '.', '_', '-'])}{rng.choice(['', word(), self.digits(1, 3)])}@{word()}.{tail}".replace("..", ".").replace(".@", "@")

    def number(self):
        """Any of the forms above."""
        kinds = [(self.code, 5), (self.date, 5), (self.amount, 3), (self.percent, 1), (self.phone, 1), (self.hijri, 1),
                 (lambda: self.digits(1, 7), 3), (lambda: f"({self.digits(1, 5)})", 2), (lambda: f"[{self.digits(1, 2)}]", 0.2)]
        return self.rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]()

    def fill(self, template):
        makers = {"num": lambda: self.digits(2, 6), "code": self.code, "date": self.date, "hijri": self.hijri, "amount": self.amount, "pct": self.percent,
                  "phone": self.phone, "name": self.name, "title": lambda: self.pick("title"), "body": lambda: self.pick("body"),
                  "n": lambda: self.digits(1, 3), "year": self.year, "mail": self.mail, "latin": self.latin, "subject": lambda: self.pick("subject")}
        return re.sub(r"\{(\w+)\}", lambda m: makers[m[1]](), template)

    # lines ------------------------------------------------------------------------------------------------------------
    def prose(self, low=2, high=11):
        words = self.rng.choice(self.sentences).split()
        count = min(len(words), self.rng.randint(low, high))
        start = self.rng.randint(0, len(words) - count)
        return words[start:start + count]

    def letterhead(self):
        rng = self.rng
        form = rng.random()
        if form < 0.3:
            return self.pick("state")
        if form < 0.8:
            return self.pick("body")
        return f"{self.pick('body')}{rng.choice([' / ', ' - ', '/', ' – '])}{self.pick('body')}"

    def labelled(self):
        rng = self.rng
        form = rng.random()
        if form < 0.4:
            return f"{self.pick('head_label')}{rng.choice([' ', ' ', ''])}{self.code()}"
        if form < 0.8:
            return f"{self.pick('date_label')}{rng.choice([' ', ' ', ''])}{self.hijri() if rng.random() < 0.25 else self.date()}"
        return " ".join([self.pick("head_label"), self.code(), self.pick("date_label"), self.date()])

    def addressed(self):
        rng = self.rng
        form = rng.random()
        if form < 0.5:
            parts = [self.pick("body") for _ in range(rng.choice([1, 1, 2]))]
            return f"{self.pick('to')} {rng.choice([' / ', '/', ' - ', ' ']).join(parts)}"
        if form < 0.8:
            return f"{self.pick('subject_label')} {self.pick('subject')}" + rng.choice(["", f" {self.name()}", f" {self.latin()}", " " + " ".join(self.prose(2, 4))])
        return f"{self.pick('to')} {self.name()} {rng.choice(['المحترم', 'المحترمة', ''])}"

    def sentence(self):
        rng = self.rng
        words = self.prose()
        where = rng.randint(0, len(words))
        form = rng.random()
        if form < 0.3:
            extra = self.fill(self.pick("sentence" if rng.random() < 0.6 else "opening")).split()
            words = words[:where] + extra + words[where:]
            count = rng.randint(3, 12)
            start = rng.randint(0, max(0, len(words) - count))
            words = words[start:start + count]
        elif form < 0.75:
            for _ in range(rng.choice([1, 1, 1, 2])):
                words.insert(rng.randint(0, len(words)), self.number())
        elif form < 0.85:
            words.insert(where, rng.choice(["{}", "({})", '"{}"']).format(self.latin()))
        text = " ".join(words)
        if rng.random() < 0.06:
            text = f"{self.fill(self.pick('item_start'))} {text}"
        if rng.random() < 0.05:
            a = rng.randint(0, max(0, len(words) - 2))
            b = rng.randint(a + 1, len(words))
            left, right = rng.choice(['()', '()', '""', "«»", "[]"])
            words[a:b] = [left + " ".join(words[a:b]) + right]
            text = " ".join(words)
        return text + rng.choice(["", "", "", "", ".", " .", "،", " ،", ":", " :", "...", " ..", "؟", "؛", " -", ":-", "!"])

    def listed(self):
        rng = self.rng
        start = self.fill(self.pick("item_start"))
        rest = rng.choice([lambda: " ".join(self.prose(1, 7)), lambda: self.fill(self.pick("sentence")), self.name, lambda: self.pick("body"),
                           lambda: f"{self.name()} / {self.pick('title')}"])()
        return f"{start}{rng.choice([' ', ' ', ''])}{rest}"

    def signature(self):
        rng = self.rng
        return rng.choice([self.name(), self.pick("title"), f"{self.name()} {self.pick('title')}", self.pick("title") + " / " + self.pick("body")])

    def bare(self):
        """A line of digits and signs alone, or of one word."""
        rng = self.rng
        form = rng.random()
        if form < 0.6:
            return self.number()
        if form < 0.7:
            n = rng.randint(1, 40)
            return rng.choice([f"- {n} -", f"({n})", f"{n}", f"{n}-{n + 2}", f"({n}-{n + 1})", f"{n}/{n + 3}", f"صفحة {n} من {n + 2}", f"ص {n}", f"Page {n} of {n + 2}"])
        if form < 0.8:
            return self.mail() if rng.random() < 0.4 else self.latin()
        if form < 0.85:
            return f"{self.number()} {self.number()}"
        return " ".join(self.prose(1, 2)) if rng.random() < 0.5 else self.pick("cell")

    def row(self):
        rng = self.rng
        cell = lambda: rng.choice([lambda: self.pick("cell"), lambda: self.pick("cell"), self.amount, self.amount, lambda: self.digits(1, 4), self.date, self.name,
                                   lambda: " ".join(self.prose(1, 3)), self.code, self.percent, self.latin])()
        return [cell() for _ in range(rng.randint(2, 5))]

    def noise_words(self):
        """Letters in no language, so that the eye is trained and not only the memory."""
        rng = self.rng
        words = []
        for word in self.prose(2, 7):
            letters = list(word)
            rng.shuffle(letters)
            words.append("".join(letters))
        return " ".join(w for w in words if w[:1] not in MARKS)

    def book_line(self):
        """Running prose as old books print it: hardly a hamza, commas anywhere, a page number now and then."""
        rng = self.rng
        if rng.random() < 0.04:
            return self.shape(tidy(rng.choice(["{}", "( {} )", "- {} -", "({})"]).format(self.digits(1, 3))), True)
        words = self.prose(5, 14)
        for _ in range(rng.choice([0, 0, 1, 2])):
            words[rng.randint(0, len(words) - 1)] += rng.choice(["،", " ،", ".", " .", ":", "...", "؟", ")"])
        if rng.random() < 0.1:
            words.insert(rng.randint(0, len(words)), rng.choice(["{}", "({})"]).format(self.digits(1, 4)))
        text = " ".join(words)
        if rng.random() < 0.7:
            text = re.sub("[أإآ]", lambda m: "ا" if rng.random() < 0.7 else m[0], text)
        if rng.random() < 0.15:
            text = re.sub(r"ي\b", "ى", text)
        return self.shape(tidy(self.vary(text, 1.0)), rng.random() < 0.9)

    def cells(self):
        """Returns the cells of one line, in logical order."""
        rng = self.rng
        kinds = [(self.sentence, 38), (lambda: " ".join(self.prose(2, 12)), 14), (self.labelled, 9), (self.letterhead, 4), (self.addressed, 6),
                 (lambda: self.fill(self.pick("opening")), 6), (lambda: self.fill(self.pick("sentence")), 6), (lambda: self.fill(self.pick("copies")), 4),
                 (self.listed, 5), (self.signature, 4), (self.bare, 9), (self.row, 6), (self.noise_words, 3)]
        made = rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]()
        cells = made if isinstance(made, list) else [made]
        spelling, eastern = rng.random(), rng.random() < 0.6
        cells = [self.vary(c, spelling) for c in cells]
        cells = [tidy(self.shape(c, eastern)) for c in cells]
        return [c for c in cells if c]

    def shape(self, text, eastern):
        """Digits in one shape for the line; Latin words keep Western ones."""
        if not eastern:
            return text
        words = [w if re.search("[A-Za-z]", w) else w.translate({ord(str(d)): EASTERN[d] for d in range(10)}) for w in text.split(" ")]
        return " ".join(words)

    def vary(self, text, spelling):
        """Spelling as offices have it: hamzas left out, ى for ي; kashida; some vowel marks."""
        rng = self.rng
        if spelling < 0.33:
            text = re.sub("[أإآ]", lambda m: "ا" if spelling < 0.25 or rng.random() < 0.5 else m[0], text)
        if 0.33 < spelling < 0.37:
            text = re.sub(r"ي\b", "ى", text)
        if 0.37 < spelling < 0.39:
            text = re.sub(r"ة\b", "ه", text)
        if rng.random() < 0.05:
            text = re.sub("(?<=[بتثجحخسشصضطظعغفقكلمنهيئ])(?=[بتثجحخدذرزسشصضطظعغفقكلمنهويىة])", lambda m: "ـ" if rng.random() < 0.25 else "", text)
        if rng.random() < 0.06:
            share = rng.choice([0.03, 0.06, 0.2])
            text = re.sub("(?<=[ابتثجحخدذرزسشصضطظعغفقكلمنهوي])(?=[^ًٌٍَُِّْـ]|$)", lambda m: rng.choice("َُِّّْ") if rng.random() < share else "", text)
        if rng.random() < 0.06:
            text = re.sub(r"ا(?=\s|$)", lambda m: "اً" if rng.random() < 0.3 else "ا", text)
        if rng.random() < 0.02:
            text = text.replace("ب", "پ", 1).replace("ج", "چ", 1).replace("ك", "گ", 1).replace("ف", "ڤ", 1)
        return text


def read_sentences(path):
    """Returns sentences of more than two words, in the characters of CHARS."""
    lines = (tidy(line) for line in Path(path).read_text("utf-8").splitlines())
    return [line for line in lines if len(line.split()) > 2]


if __name__ == "__main__":
    import random
    import sys
    writer = Writer(random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0), read_sentences(sys.argv[1]))
    for _ in range(60):
        print("\t".join(writer.cells()))
