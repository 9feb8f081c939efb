//! The plain words beside a file that failed, in English and Arabic: what happened, and what to do.

use crate::model::FailureCode;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Returns the place of the words for a file.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".reason.txt");
    path.with_file_name(name)
}

/// Returns the words for the file at `below` the watched folder.
pub fn text(below: &Path, code: FailureCode, message: &str, at: Timestamp) -> String {
    let [english, arabic] = plain(code);
    let (name, at) = (below.display(), at.strftime("%Y-%m-%d %H:%M:%SZ"));
    format!(
        "File: {name}\nTime: {at}\n\nThis file was not taken into the archive. {english}\nCode: {code}\nDetails: {message}\n\n\
         لم يدخل هذا الملف إلى الأرشيف. {arabic}\nالرمز: {code}\n"
    )
}

/// Returns what a code means and what to do, in English and Arabic.
fn plain(code: FailureCode) -> [&'static str; 2] {
    match code {
        FailureCode::Unreadable => [
            "It could not be read from its folder. Check the rights on the file, the network and the disk, then put it into the folder again.",
            "تعذّرت قراءته من المجلد. تحقّق من صلاحيات الملف ومن الشبكة والقرص، ثم ضعه في المجلد من جديد.",
        ],
        FailureCode::UnsupportedFormat => [
            "It is no kind of file that can be read (TIFF, JPEG, PNG, BMP, WebP, PDF), whatever its name says. Save it as PDF or TIFF, or scan the paper again.",
            "ليس من الأنواع التي يمكن قراءتها (TIFF أو JPEG أو PNG أو BMP أو WebP أو PDF) مهما كان اسمه. احفظه بصيغة PDF أو TIFF أو امسح الورقة ضوئياً من جديد.",
        ],
        FailureCode::DamagedImage => [
            "The image is damaged or broken off. Copy it from the scanner again, or scan the paper again.",
            "الصورة تالفة أو ناقصة. انسخها من الماسح الضوئي من جديد أو امسح الورقة مرة أخرى.",
        ],
        FailureCode::DamagedPdf => [
            "The PDF is damaged or broken off. Copy it again, or scan the paper again.",
            "ملف PDF تالف أو ناقص. انسخه من جديد أو امسح الورقة مرة أخرى.",
        ],
        FailureCode::EncryptedPdf => [
            "The PDF is locked with a password. Save it without the password, or ask the administrator to enter the password.",
            "ملف PDF محمي بكلمة مرور. احفظه بلا كلمة مرور أو اطلب من المسؤول إدخالها.",
        ],
        FailureCode::TooLarge => [
            "It is larger than allowed. Scan at 300 dpi, split it, or ask the administrator to raise the limit.",
            "حجمه أكبر من المسموح. امسح الورقة بدقة 300 نقطة في البوصة أو قسّم الملف أو اطلب من المسؤول رفع الحد.",
        ],
        FailureCode::TooManyPages => [
            "It has more pages than allowed. Split it into several files, or ask the administrator to raise the limit.",
            "عدد صفحاته أكثر من المسموح. قسّمه إلى عدة ملفات أو اطلب من المسؤول رفع الحد.",
        ],
        FailureCode::TimedOut => [
            "Reading it took too long. Scan the paper again at 300 dpi in black and white; if that does not help, tell the administrator.",
            "استغرقت قراءته وقتاً أطول من المسموح. امسح الورقة من جديد بدقة 300 نقطة وبالأبيض والأسود، وإن تكرر ذلك فأبلغ المسؤول.",
        ],
        FailureCode::Crashed => [
            "The program that reads files broke down over it, twice. Keep the file and tell the administrator; scanning the paper again may help.",
            "تعطّل برنامج القراءة مرتين بسبب هذا الملف. احتفظ بالملف وأبلغ المسؤول، وقد يفيد مسح الورقة من جديد.",
        ],
        FailureCode::Empty => ["It is empty. Scan or copy it again.", "الملف فارغ. امسح الورقة أو انسخ الملف من جديد."],
        FailureCode::Storage => [
            "The archive could not be written, perhaps because its disk is full. Tell the administrator; the file will be taken up again.",
            "تعذّرت الكتابة في الأرشيف، ربما لامتلاء القرص. أبلغ المسؤول، وسيُعاد أخذ الملف لاحقاً.",
        ],
        FailureCode::Internal => [
            "A fault of the program was caught. Keep the file and tell the administrator.",
            "حدث خلل في البرنامج. احتفظ بالملف وأبلغ المسؤول.",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_words_in_both_languages() {
        for code in FailureCode::ALL {
            let text = text(Path::new("3/a.tif"), code, "the fact", Timestamp::UNIX_EPOCH);
            assert!(text.starts_with("File: 3/a.tif\nTime: 1970-01-01") && text.contains(code.as_str()), "{text}");
            assert!(text.chars().filter(|c| ('\u{621}'..'\u{64A}').contains(c)).count() > 40, "{text}");
        }
    }
}
