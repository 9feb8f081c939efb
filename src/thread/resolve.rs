//! Weighs the letters of the archive that a citation can mean, and picks the one it means, or none.
//!
//! Costs add up: what differs costs, what agrees besides number and date (the issuing body, the subject) is taken off. The cheapest wins
//! if it is cheap enough and no other letter is about as cheap.

use super::key::{one_edit, slip};
use super::likeness::{Sketch, likeness};
use crate::model::{DocumentId, LetterDate};
use jiff::ToSpan;

/// What a citation says, and what is known of the letter that cites.
#[derive(Clone, Copy, Debug)]
pub struct Citation<'a> {
    /// The letter that cites.
    pub by: DocumentId,
    /// Key of the number cited.
    pub number: &'a str,
    /// Date cited.
    pub date: Option<LetterDate>,
    /// Who wrote the letter cited, where the citation says it.
    pub issuer: Option<&'a str>,
    /// Date of the letter that cites.
    pub on: Option<LetterDate>,
    /// Subject of the letter that cites: an answer has the subject of what it answers.
    pub subject: Option<&'a str>,
}

/// A letter of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The letter.
    pub document: DocumentId,
    /// Key of its number.
    pub number: Option<String>,
    /// Keys of what else the number may be.
    pub may_be: Vec<String>,
    /// Whether the reader doubted the number so much that it may be any other.
    pub is_doubted: bool,
    /// Its date.
    pub date: Option<LetterDate>,
    /// Who wrote it.
    pub issuer: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Sketch of its words.
    pub sketch: Option<Sketch>,
}

/// Dearer pairs are two letters.
const DEAREST: f32 = 1.3;
/// A date whose sevens are ones, where the number was misread in the same way: one cause, one price.
const DATE_OF_STROKES: f32 = 0.1;
/// The next best must cost so much more.
const MARGIN: f32 = 0.3;
/// A letter whose number could not be read: date, issuer and subject must all agree.
const NUMBER_UNREAD: f32 = 1.8;
/// The reader thought of the number cited, and took another.
const MAY_BE: f32 = 0.4;
/// A number that was read with much doubt, and is another than the one cited.
const DOUBTED: f32 = 0.1;
const DATE_SLIP: f32 = 0.9;
const DATE_UNKNOWN: f32 = 1.0;
/// A number of few digits says little without a date.
const SHORT_NUMBER: f32 = 0.4;
const ISSUER_AGREES: f32 = -0.3;
const ISSUER_DIFFERS: f32 = 0.8;
const SUBJECT_AGREES: f32 = -0.4;
const WRITTEN_LATER: f32 = 1.0;
/// A number in a row of numbers: only the last digit differs.
const NEIGHBOUR: f32 = 0.3;
/// Names and subjects more alike than this agree, names less alike than the second differ.
const ALIKE: f32 = 0.7;
const UNLIKE: f32 = 0.4;
/// Days that a letter may be dated after the one that cites it: offices date a draft and send it later.
const DAYS_LATE: i64 = 3;
/// Share of runs of letters that copies of a letter have in common, however badly one of them is read.
const COPY: f32 = 0.25;

/// Returns the letter that the citation means, if the archive holds it beyond reasonable doubt. Of copies of one letter the first
/// of `candidates` is taken.
pub fn resolve(citation: &Citation<'_>, candidates: &[Candidate]) -> Option<DocumentId> {
    let priced = candidates.iter().filter(|candidate| candidate.document != citation.by);
    let mut priced: Vec<(f32, &Candidate)> =
        priced.filter_map(|candidate| Some((cost(citation, candidate)?, candidate))).collect();
    priced.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (best_cost, best) = *priced.first().filter(|(cost, _)| *cost <= DEAREST)?;
    let rivals = priced.iter().skip(1).filter(|(cost, _)| *cost < best_cost + MARGIN);
    let mut copies = vec![best];
    for (_, rival) in rivals {
        if !same_letter(best, rival) {
            return None;
        }
        copies.push(rival);
    }
    candidates.iter().find(|candidate| copies.contains(candidate)).map(|candidate| candidate.document)
}

/// Returns what it costs to take the candidate for the letter cited, or `None` where it cannot be.
fn cost(citation: &Citation<'_>, candidate: &Candidate) -> Option<f32> {
    let of_number = |number: &str| {
        let slip = slip(citation.number, number)?;
        let is_neighbour = slip > 0.0 && last_digit_alone_differs(citation.number, number);
        Some(slip + if is_neighbour { NEIGHBOUR } else { 0.0 })
    };
    let unread = || candidate.is_doubted.then_some(NUMBER_UNREAD + DOUBTED);
    let may_be = || candidate.may_be.iter().any(|number| number == citation.number).then_some(MAY_BE);
    let mut cost = match candidate.number.as_deref() {
        Some(number) => match (of_number(number), may_be()) {
            (Some(cost), Some(other)) => cost.min(other),
            (cost, other) => cost.or(other).or_else(unread)?,
        },
        None => may_be().unwrap_or(NUMBER_UNREAD),
    };
    cost += match (citation.date, candidate.date) {
        (Some(cited), Some(dated)) if cited == dated => 0.0,
        (Some(cited), Some(dated)) if is_of_strokes(citation, candidate, cited, dated) => DATE_OF_STROKES,
        (Some(cited), Some(dated)) if misread(cited, dated) => DATE_SLIP,
        (Some(_), Some(_)) => return None,
        _ => DATE_UNKNOWN + if digits(citation.number) < 4 { SHORT_NUMBER } else { 0.0 },
    };
    if let (Some(cited), Some(issuer)) = (citation.issuer, candidate.issuer.as_deref()) {
        cost += match likeness(cited, issuer) {
            alike if alike >= ALIKE => ISSUER_AGREES,
            alike if alike < UNLIKE => ISSUER_DIFFERS,
            _ => 0.0,
        };
    }
    if let (Some(one), Some(other)) = (citation.subject, candidate.subject.as_deref())
        && likeness(one, other) >= ALIKE
    {
        cost += SUBJECT_AGREES;
    }
    // Where the date was misread the one cited is right, and that one is checked by nobody.
    if let (Some(on), Some(dated), false) = (citation.on, candidate.date, citation.date.is_some())
        && on.checked_add(DAYS_LATE.days()).is_ok_and(|latest| dated > latest)
    {
        cost += WRITTEN_LATER;
    }
    Some(cost)
}

fn digits(number: &str) -> usize {
    number.bytes().filter(u8::is_ascii_digit).count()
}

fn last_digit_alone_differs(a: &str, b: &str) -> bool {
    let body = |number: &str| number.char_indices().next_back().map(|(end, _)| number[..end].to_owned());
    a.len() == b.len() && body(a) == body(b)
}

/// Says whether one date can be the other with one digit misread, with any ١ taken for ٧, or with day and month exchanged.
fn misread(a: LetterDate, b: LetterDate) -> bool {
    let parts = |date: LetterDate| {
        [i32::from(date.day()), i32::from(date.month()), i32::from(date.year())].map(|part| part.to_string())
    };
    let (a, b) = (parts(a), parts(b));
    let differing: Vec<_> = a.iter().zip(&b).filter(|(a, b)| a != b).collect();
    let slip = matches!(differing.as_slice(), [(one, other)] if one_edit(one, other));
    let [day, month, year] = b.each_ref().map(|part| part.replace('7', "1"));
    let alike = a.each_ref().map(|part| part.replace('7', "1"));
    slip || alike == [&day, &month, &year].map(String::clone) || alike == [month, day, year]
}

/// Says whether number and date both differ by taking ١ for ٧ alone: print that leans makes a reader do so everywhere.
fn is_of_strokes(citation: &Citation<'_>, candidate: &Candidate, cited: LetterDate, dated: LetterDate) -> bool {
    let ones = |text: &str| text.replace('7', "1");
    let same_number = |number: &str| number != citation.number && ones(number) == ones(citation.number);
    ones(&cited.to_string()) == ones(&dated.to_string()) && candidate.number.as_deref().is_some_and(same_number)
}

/// Returns the other dates that a date may be if its sevens are ones.
pub fn dates_meant(date: LetterDate) -> Vec<LetterDate> {
    let ones = |part: i8| part.to_string().replace('7', "1").parse().unwrap_or(part);
    let (day, month) = (ones(date.day()), ones(date.month()));
    let meant = [(day, month), (day, date.month()), (date.day(), month)];
    let mut dates: Vec<LetterDate> =
        meant.into_iter().filter_map(|(day, month)| LetterDate::new(date.year(), month, day).ok()).collect();
    dates.retain(|other| *other != date);
    dates.dedup();
    dates
}

/// Says whether two letters are one: scanned twice, or held as a copy by another body. Number, date and issuer agree as far as they are
/// known, and so do the words.
pub fn same_letter(a: &Candidate, b: &Candidate) -> bool {
    let numbers = match (&a.number, &b.number) {
        (Some(a), Some(b)) => a == b || slip(a, b).is_some(),
        _ => false,
    };
    let dates = match (a.date, b.date) {
        (Some(a), Some(b)) => a == b || misread(a, b),
        _ => true,
    };
    let issuers = match (&a.issuer, &b.issuer) {
        (Some(a), Some(b)) => likeness(a, b) >= UNLIKE,
        _ => true,
    };
    let words = match (&a.sketch, &b.sketch) {
        (Some(a), Some(b)) => a.likeness(b) >= COPY,
        // Too few words to tell: then number and date must be the same to the letter.
        _ => a.number == b.number && a.date == b.date && a.date.is_some(),
    };
    numbers && dates && issuers && words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContentHash;
    use jiff::civil::date;

    fn id(name: &str) -> DocumentId {
        DocumentId { original: ContentHash::of(name.as_bytes()), part: None }
    }

    fn letter(name: &str, number: &str, on: LetterDate, issuer: &str) -> Candidate {
        Candidate {
            document: id(name),
            number: Some(number.to_owned()),
            may_be: Vec::new(),
            is_doubted: false,
            date: Some(on),
            issuer: Some(issuer.to_owned()),
            subject: Some("صيانة جسر المثنى".to_owned()),
            sketch: None,
        }
    }

    const MINISTRY: &str = "وزارة الإعمار والإسكان / الدائرة الفنية";

    #[track_caller]
    fn check(number: &str, cited: Option<LetterDate>, issuer: Option<&str>, subject: Option<&str>, want: Option<&str>) {
        let letters = [
            letter("meant", "ف/15/12426", date(2012, 6, 25), MINISTRY),
            letter("neighbour", "ف/15/12427", date(2012, 6, 25), MINISTRY),
            letter("other body", "ف/15/77", date(2012, 6, 25), "أمانة بغداد"),
            letter("same number", "5550", date(2012, 6, 20), MINISTRY),
            letter("same number elsewhere", "5550", date(2012, 6, 20), "أمانة بغداد"),
        ];
        let on = Some(date(2012, 7, 8));
        let citation = Citation { by: id("citing"), number, date: cited, issuer, on, subject };
        assert_eq!(resolve(&citation, &letters), want.map(id), "{number} of {cited:?}");
    }

    #[test]
    fn number_and_date_name_a_letter() {
        check("ف/15/12426", Some(date(2012, 6, 25)), None, None, Some("meant"));
        check("ف/15/12426", Some(date(2012, 9, 25)), None, None, Some("meant"));
        check("15/12426", Some(date(2012, 6, 25)), None, None, Some("meant"));
        check("ف/15/12426", None, Some(MINISTRY), None, Some("meant"));
        check("ف/15/12426", Some(date(2011, 1, 2)), Some(MINISTRY), None, None);
        check("ف/15/99999", Some(date(2012, 6, 25)), Some(MINISTRY), None, None);
    }

    #[test]
    fn ones_taken_for_sevens_in_number_and_date_are_one_slip() {
        let meant = letter("meant", "ح/761", date(2010, 1, 11), MINISTRY);
        let cited = |number, issuer| {
            let (date, subject) = (Some(date(2010, 7, 17)), Some("صيانة جسر المثنى"));
            let citation = Citation { by: id("citing"), number, date, issuer, on: None, subject };
            resolve(&citation, std::slice::from_ref(&meant))
        };
        assert_eq!(cited("ح/767", Some(MINISTRY)), Some(id("meant")));
        assert_eq!(cited("ح/767", None), None);
        assert_eq!(cited("ح/768", Some(MINISTRY)), None);
        assert_eq!(dates_meant(date(2010, 7, 17)), [date(2010, 1, 11), date(2010, 7, 11), date(2010, 1, 17)]);
        assert_eq!(dates_meant(date(2010, 3, 12)), []);
    }

    #[test]
    fn the_issuer_decides_between_registers() {
        check("5550", Some(date(2012, 6, 20)), Some("امانة بغداد"), None, Some("same number elsewhere"));
        check("5550", Some(date(2012, 6, 20)), Some(MINISTRY), None, Some("same number"));
        check("5550", Some(date(2012, 6, 20)), None, None, None);
    }

    #[test]
    fn a_misread_digit_is_believed_only_with_the_subject_or_the_issuer() {
        check("ف/15/72426", Some(date(2012, 6, 25)), None, None, None);
        check("ف/15/72426", Some(date(2012, 6, 25)), Some(MINISTRY), None, Some("meant"));
        check("ف/15/12428", Some(date(2012, 6, 25)), Some(MINISTRY), None, None);
    }

    #[test]
    fn a_letter_whose_number_was_not_read_is_known_by_all_the_rest() {
        let unread = Candidate { number: None, ..letter("unread", "", date(2012, 6, 25), MINISTRY) };
        let meant = |issuer, subject| {
            let (number, on) = ("ف/15/12426", Some(date(2012, 6, 25)));
            let citation = Citation { by: id("citing"), number, date: on, issuer, on: None, subject };
            resolve(&citation, std::slice::from_ref(&unread))
        };
        assert_eq!(meant(Some(MINISTRY), Some("صيانة جسر المثنى")), Some(id("unread")));
        assert_eq!(meant(Some(MINISTRY), None), None);
        assert_eq!(meant(None, Some("صيانة جسر المثنى")), None);
    }

    #[test]
    fn copies_of_a_letter_are_no_rivals() {
        let copies = [
            letter("first", "5550", date(2012, 6, 20), MINISTRY),
            letter("second", "5550", date(2012, 6, 20), MINISTRY),
        ];
        let (number, on) = ("5550", Some(date(2012, 6, 20)));
        let citation = Citation { by: id("citing"), number, date: on, issuer: None, on: None, subject: None };
        assert_eq!(resolve(&citation, &copies), Some(id("first")));
        assert!(same_letter(&copies[0], &copies[1]));
        assert!(!same_letter(&copies[0], &letter("third", "5550", date(2012, 6, 20), "أمانة بغداد")));
    }

    #[test]
    fn no_letter_cites_itself() {
        let own = [letter("citing", "5550", date(2012, 6, 20), MINISTRY)];
        let on = Some(date(2012, 6, 20));
        let citation = Citation { by: id("citing"), number: "5550", date: on, issuer: None, on, subject: None };
        assert_eq!(resolve(&citation, &own), None);
    }
}
