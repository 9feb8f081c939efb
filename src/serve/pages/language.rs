//! The two languages of the pages, and how dates and kinds are written in each.

use crate::model::LetterDate;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The first.
    #[default]
    Arabic,
    /// At will.
    English,
}

impl Language {
    /// Returns the language of a code; Arabic for every other.
    pub fn of(code: &str) -> Self {
        if code == "en" { Self::English } else { Self::Arabic }
    }

    /// Returns its code.
    pub fn code(self) -> &'static str {
        self.t("ar", "en")
    }

    /// Returns which way it is written.
    pub fn direction(self) -> &'static str {
        self.t("rtl", "ltr")
    }

    /// Returns the text of this language.
    pub fn t<'a>(self, arabic: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Arabic => arabic,
            Self::English => english,
        }
    }

    /// Returns a day as clerks write it.
    pub fn day(self, date: LetterDate) -> String {
        match self {
            Self::Arabic => format!("{}/{}/{}", date.day(), date.month(), date.year()),
            Self::English => date.to_string(),
        }
    }

    /// Returns a day that stands as ISO 8601; as it stands where it is none.
    pub fn written_day(self, text: &str) -> String {
        text.parse().map_or_else(|_| text.to_owned(), |date| self.day(date))
    }

    /// Returns the number of letters, as Arabic counts things.
    pub fn letters(self, count: u64) -> String {
        match (self, count) {
            (Self::Arabic, 0) => "لا توجد كتب".to_owned(),
            (Self::Arabic, n) => counted(n, ["كتاب واحد", "كتابان", "كتب", "كتاباً", "كتاب"]),
            (Self::English, 1) => "1 letter".to_owned(),
            (Self::English, n) => format!("{n} letters"),
        }
    }

    /// Returns the number of files, as Arabic counts things.
    pub fn files(self, count: u64) -> String {
        match (self, count) {
            (Self::Arabic, n) => counted(n, ["ملف واحد", "ملفان", "ملفات", "ملفاً", "ملف"]),
            (Self::English, 1) => "1 file".to_owned(),
            (Self::English, n) => format!("{n} files"),
        }
    }

    /// Returns the name of a kind of letter.
    pub fn kind(self, kind: &str) -> &str {
        match kind {
            "letter" => self.t("كتاب رسمي", "Letter"),
            "memo" => self.t("مذكرة", "Memo"),
            "circular" => self.t("إعمام", "Circular"),
            "order" => self.t("أمر إداري", "Order"),
            "minutes" => self.t("محضر", "Minutes"),
            "other" => self.t("غير ذلك", "Other"),
            unknown => unknown,
        }
    }

    /// Returns the name of a field.
    pub fn field(self, field: &str) -> &str {
        match field {
            "kind" => self.t("النوع", "Kind"),
            "number" => self.t("العدد", "Number"),
            "date" => self.t("التاريخ", "Date"),
            "hijri_date" => self.t("التاريخ الهجري", "Hijri date"),
            "from" => self.t("من", "From"),
            "to" => self.t("إلى", "To"),
            "subject" => self.t("الموضوع", "Subject"),
            "references" => self.t("الإشارات", "References"),
            "copies_to" => self.t("نسخة منه إلى", "Copies to"),
            "signatory" => self.t("الموقِّع", "Signed by"),
            "signatory.name" => self.t("اسم الموقِّع", "Signed by"),
            "signatory.title" => self.t("صفة الموقِّع", "Title of who signed"),
            "attachments" => self.t("المرفقات", "Attachments"),
            "secrecy" => self.t("درجة السرية", "Secrecy"),
            "received" => self.t("الوارد", "Received"),
            "received.number" => self.t("رقم الوارد", "Number of receipt"),
            "received.date" => self.t("تاريخ الوارد", "Date of receipt"),
            unknown => unknown,
        }
    }

    /// Returns the name of what became of a file.
    pub fn status(self, status: &str) -> &str {
        match status {
            "stored" => self.t("حُفظ", "Stored"),
            "duplicate" => self.t("موجود سابقاً", "Already here"),
            "failed" => self.t("تعذّر", "Failed"),
            "waiting" => self.t("بالانتظار", "Waiting"),
            unknown => unknown,
        }
    }

    /// Returns in words why a file failed; the program's own words say more, in English.
    pub fn failure(self, code: &str) -> &str {
        match code {
            "unreadable" => self.t("تعذّرت قراءة الملف من مكانه", "The file cannot be read from where it lies"),
            "unsupported_format" => self.t("نوع الملف غير مدعوم", "No kind of file that is read"),
            "damaged_image" => self.t("الصورة تالفة", "The image is damaged"),
            "damaged_pdf" => self.t("ملف PDF تالف", "The PDF is damaged"),
            "encrypted_pdf" => self.t("ملف PDF محمي بكلمة مرور", "The PDF needs a password"),
            "too_large" => self.t("الملف أو الصفحة أكبر من الحد", "The file or a page is over the limit"),
            "too_many_pages" => self.t("عدد الصفحات أكبر من الحد", "The file has more pages than are taken"),
            "timed_out" => self.t("استغرقت القراءة وقتاً أطول من الحد", "Reading took longer than is allowed"),
            "crashed" => self.t("توقفت القراءة مرتين عند هذا الملف", "Reading died on this file twice"),
            "empty" => self.t("الملف فارغ", "The file is empty"),
            "storage" => self.t("تعذّر الحفظ في الأرشيف", "The archive could not be written"),
            _ => self.t("خلل في البرنامج", "A fault in the program"),
        }
    }
}

/// Returns a number of things with the form of their name that Arabic asks for: one, two, a few (3 to 10), eleven to 99, hundreds.
fn counted(count: u64, [one, two, few, tens, hundreds]: [&str; 5]) -> String {
    match (count, count % 100) {
        (1, _) => one.to_owned(),
        (2, _) => two.to_owned(),
        (n, 3..=10) => format!("{n} {few}"),
        (n, 11..=99) => format!("{n} {tens}"),
        (n, _) => format!("{n} {hundreds}"),
    }
}

/// Returns a text of a letter as it is shown: direction marks taken out, since each text stands in an element that isolates it; not longer
/// than anybody reads.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 600;
    let harmless = |c: &char| {
        !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
            && (!c.is_control() || *c == '\n')
    };
    let mut letters = text.chars().filter(harmless);
    let mut out: String = letters.by_ref().take(LONGEST).collect();
    if letters.next().is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arabic_counts_its_letters() {
        for (count, want) in
            [(1, "كتاب واحد"), (2, "كتابان"), (7, "7 كتب"), (11, "11 كتاباً"), (100, "100 كتاب"), (103, "103 كتب")]
        {
            assert_eq!(Language::Arabic.letters(count), want);
        }
        for (count, want) in [(1, "ملف واحد"), (2, "ملفان"), (7, "7 ملفات"), (15_000, "15000 ملف")]
        {
            assert_eq!(Language::Arabic.files(count), want);
        }
    }

    #[test]
    fn days_are_written_as_clerks_do() {
        assert_eq!(Language::Arabic.written_day("2014-03-12"), "12/3/2014");
        assert_eq!(Language::English.written_day("2014-03-12"), "2014-03-12");
        assert_eq!(Language::Arabic.written_day("?"), "?");
    }
}
