//! The second step of a search: reads the promising pages word by word, finds the words of the query on them even
//! where they were misread, torn or run together, and scores each document by what is found and how close it stands.
//!
//! Most words of office letters recur on page after page, so what a word matches is worked out once for each spelling.

use super::analyser::serial_term;
use super::gather::Candidate;
use super::hit::Match;
use super::plan::{Item, Plan, Probe};
use super::query::FieldName;
use super::schema::Fields;
use super::similarity::Shape;
use super::target::{FOLDED, Forms, STEMMED, Target, compare, compare_marks, item_targets};
use crate::text::marks::{Reading, find_marks, whole_number};
use crate::text::tokens::{Token, tokens};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::rc::Rc;
use tantivy::schema::Value;
use tantivy::{DocAddress, DocId, Searcher, TantivyDocument};

/// What a hit shows of its document, kept with its first page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Header {
    pub source: String,
    pub number: Option<String>,
    pub date: Option<String>,
    pub hijri_date: Option<String>,
    pub from: Option<String>,
    pub to: Vec<String>,
    pub subject: Option<String>,
}

impl Header {
    /// Says whether this is the letter with the number asked for, in full or by the group that people name it by.
    pub(super) fn bears(&self, asked: &Reading) -> bool {
        let own = self.number.as_deref().and_then(whole_number);
        own.is_some_and(|own| {
            own == *asked
                || asked.groups().len() == 1 && asked.whole().is_none() && serial_term(&own) == serial_term(asked)
        })
    }

    fn holds(&self, field: FieldName) -> bool {
        match field {
            FieldName::Number => self.number.is_some(),
            FieldName::Date => self.date.is_some() || self.hijri_date.is_some(),
            FieldName::From => self.from.is_some(),
            FieldName::To => !self.to.is_empty(),
            FieldName::Subject => self.subject.is_some(),
            FieldName::Kind | FieldName::Organisation | FieldName::Secrecy => true,
        }
    }
}

/// A document read word by word.
#[derive(Debug)]
pub(super) struct Assessed {
    pub candidate: Candidate,
    /// Its best page in the index.
    pub page: DocId,
    pub id: String,
    pub header: Header,
    pub score: f32,
    /// What share of the query was found, rare words counting more, 0.0..=1.0.
    pub coverage: f32,
    pub matched: Match,
    /// The words of the best page, as the index keeps them.
    pub text: String,
    /// Which of them match, with what each match tells; ordinals ascending.
    pub marked: Vec<(usize, f32)>,
}

/// Torn or joined words must be this much alike.
const TORN: f32 = 0.85;
/// A word that is not among a letter's weak ones, but says so little, counts this share.
const WEAK_SHARE: f32 = 0.3;
/// What it is worth, against the whole query, that all its words stand together in order.
const VERBATIM: f32 = 0.35;
const MOST_PLACES: usize = 48;

/// A place on a page that matches a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    position: usize,
    /// Ordinals of the first and last word of the page that it takes.
    pub words: (usize, usize),
    pub quality: f32,
    pub level: Match,
}

/// What a spelling matches: target, quality, level. Pairs are two targets run together, named by the first.
#[derive(Debug)]
struct Spelling {
    shape: Shape,
    matches: Vec<(usize, f32, Match)>,
    pairs: Vec<(usize, f32, Match)>,
}

/// Reads candidates for one plan.
pub(super) struct Ranker<'a> {
    searcher: &'a Searcher,
    fields: &'a Fields,
    pub(super) plan: &'a Plan,
    targets: Vec<Target>,
    /// Each target and the next one as one word, where the query has them side by side.
    pairs: Vec<Option<Shape>>,
    worths: Vec<f32>,
    total_worth: f32,
    seen: FxHashMap<String, Rc<[Spelling]>>,
}

impl<'a> Ranker<'a> {
    pub(super) fn new(searcher: &'a Searcher, fields: &'a Fields, plan: &'a Plan, idf: &[f32]) -> Self {
        let worth = |(at, item): (usize, &Item)| {
            if item.negative {
                return 0.0;
            }
            let share = if item.weak { WEAK_SHARE } else { 1.0 };
            idf.get(at).copied().unwrap_or(1.0).max(0.3) * share
        };
        let worths: Vec<f32> = plan.items.iter().enumerate().map(worth).collect();
        let mut targets = Vec::new();
        for (at, (item, worth)) in plan.items.iter().zip(&worths).enumerate() {
            let beside = |before: &Item| before.group == item.group && before.negative == item.negative;
            let follows = at > 0 && !item.negative && plan.items.get(at - 1).is_some_and(beside);
            match (&item.probe, targets.last_mut()) {
                (Probe::Word(_), Some(Target { leads, in_phrase: false, .. })) if follows => *leads = true,
                _ => {}
            }
            if !item.negative {
                targets.extend(item_targets(at, item, *worth));
            }
        }
        let pair = |pair: &[Target]| match pair {
            [one, next] if one.leads => Some(one.shape.followed_by(&next.shape)),
            _ => None,
        };
        let mut pairs: Vec<_> = targets.windows(2).map(pair).collect();
        pairs.resize(targets.len(), None);
        let total_worth = sum_of_choices(plan, worths.iter().copied()).max(f32::MIN_POSITIVE);
        Self { searcher, fields, plan, targets, pairs, worths, total_worth, seen: FxHashMap::default() }
    }

    /// Reads a candidate's pages.
    pub(super) fn assess(&mut self, candidate: &Candidate) -> tantivy::Result<Assessed> {
        let first = self.load(candidate, candidate.first)?;
        let text_of = |document: &TantivyDocument, field| {
            document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        };
        // A header that cannot be read costs the hit its fields, not the search its answer.
        let header: Header = serde_json::from_str(&text_of(&first, self.fields.header)).unwrap_or_default();
        let id = text_of(&first, self.fields.id);
        let mut read = Vec::new();
        for page in &candidate.pages {
            let text = if *page == candidate.first {
                text_of(&first, self.fields.text)
            } else {
                text_of(&self.load(candidate, *page)?, self.fields.text)
            };
            read.push((*page, self.read_page(text)));
        }
        Ok(self.judge(candidate, id, header, read))
    }

    fn load(&self, candidate: &Candidate, page: DocId) -> tantivy::Result<TantivyDocument> {
        self.searcher.doc(DocAddress::new(candidate.segment, page))
    }

    pub(super) fn read_page(&mut self, text: String) -> PageRead {
        let mut page = PageRead::new(self.targets.len(), self.plan.items.len());
        let mut line_of_words: Vec<(usize, usize)> = Vec::new();
        let mut found: Vec<(usize, usize, Rc<[Spelling]>)> = Vec::new();
        let mut ordinal = 0;
        let has_marks = self.plan.items.iter().any(|item| matches!(item.probe, Probe::Mark(_)));
        for line in text_lines(&text) {
            line_of_words.clear();
            let mut at = 0;
            for word in line.split(' ') {
                line_of_words.push((at, ordinal));
                at += word.len() + 1;
                let spellings = self.spellings(word);
                found.extend((0..spellings.len()).map(|token| (ordinal, token, Rc::clone(&spellings))));
                ordinal += 1;
            }
            if has_marks && line.contains(crate::text::digits::is_digit) {
                self.read_marks(line, &line_of_words, &mut page);
            }
        }
        let spelling_at = |at: usize| {
            let (word, token, spellings) = found.get(at)?;
            Some((*word, spellings.get(*token)?))
        };
        for position in 0..found.len() {
            let Some((word, spelling)) = spelling_at(position) else { continue };
            for (target, quality, level) in &spelling.matches {
                page.place(*target, Place { position, words: (word, word), quality: *quality, level: *level });
            }
            for (target, quality, level) in &spelling.pairs {
                let place = Place { position, words: (word, word), quality: *quality, level: *level };
                page.place(*target, place);
                page.place(*target + 1, place);
            }
            if let Some((next_word, next)) = spelling_at(position + 1) {
                self.read_torn(position, (word, spelling), (next_word, next), &mut page);
            }
        }
        page.text = text;
        page
    }

    /// Finds targets that a reader, or a writer, has parted in two.
    fn read_torn(&self, position: usize, one: (usize, &Spelling), next: (usize, &Spelling), page: &mut PageRead) {
        let letters = one.1.shape.len() + next.1.shape.len();
        for (at, target) in self.targets.iter().enumerate() {
            if target.weak || letters < 4 || letters.abs_diff(target.shape.len()) > 1 {
                continue;
            }
            let held =
                |spelling: &Spelling| spelling.matches.iter().any(|(held, quality, _)| *held == at && *quality >= TORN);
            if held(one.1) || held(next.1) {
                continue;
            }
            if let Some(likeness) = one.1.shape.joined_likeness(&next.1.shape, &target.shape, TORN) {
                let level = if likeness >= 1.0 { Match::Folded } else { Match::Ocr };
                page.place(at, Place { position, words: (one.0, next.0), quality: likeness * 0.95, level });
            }
        }
    }

    fn spellings(&mut self, word: &str) -> Rc<[Spelling]> {
        if let Some(known) = self.seen.get(word) {
            return Rc::clone(known);
        }
        let spellings: Rc<[Spelling]> = tokens(word).iter().map(|token| self.spelling(word, token)).collect();
        self.seen.insert(word.to_owned(), Rc::clone(&spellings));
        spellings
    }

    fn spelling(&self, word: &str, token: &Token) -> Spelling {
        let shape = Shape::new(&token.key);
        let written = word.get(token.span.clone()).unwrap_or_default();
        let mut forms = None;
        let mut matches = Vec::new();
        for (at, target) in self.targets.iter().enumerate() {
            if token.key == target.word.key {
                matches.push((at, FOLDED, if written == target.word.written { Match::Exact } else { Match::Folded }));
            } else if target.stem_shape.is_core_of(&shape) && target.shape.len() > 0 {
                let forms = forms.get_or_insert_with(|| Forms::new(&token.key));
                matches.extend(compare(target, &shape, forms).map(|(quality, level)| (at, quality, level)));
            }
        }
        for (at, item) in self.plan.items.iter().enumerate() {
            if let Probe::Prefix(beginnings) = &item.probe
                && beginnings.iter().any(|begin| token.key.starts_with(begin))
                && let Some(target) = self.targets.iter().position(|target| target.item == at)
            {
                matches.push((target, FOLDED, Match::Exact));
            }
        }
        let pair = |(at, pair): (usize, &Option<Shape>)| {
            let likeness = pair.as_ref()?.likeness(&shape, TORN)?;
            Some((at, likeness * 0.95, if likeness >= 1.0 { Match::Folded } else { Match::Ocr }))
        };
        let pairs = self.pairs.iter().enumerate().filter_map(pair).collect();
        Spelling { shape, matches, pairs }
    }

    /// Finds the plan's numbers and dates in a line.
    fn read_marks(&self, line: &str, starts: &[(usize, usize)], page: &mut PageRead) {
        let word_at = |byte: usize| starts.iter().rev().find(|(start, _)| *start <= byte).map(|(_, word)| *word);
        for mark in find_marks(line) {
            let (Some(first), Some(last)) = (word_at(mark.span.start), word_at(mark.span.end.saturating_sub(1))) else {
                continue;
            };
            for (at, item) in self.plan.items.iter().enumerate() {
                let Probe::Mark(wanted) = &item.probe else { continue };
                if let Some((quality, level)) = compare_marks(wanted, &mark.readings) {
                    page.mark(at, Place { position: 0, words: (first, last), quality, level });
                }
            }
        }
    }

    /// Scores a document by its pages as read, and by the fields of the letter.
    fn judge(&mut self, candidate: &Candidate, id: String, header: Header, read: Vec<(DocId, PageRead)>) -> Assessed {
        let in_fields = self.read_header(&header);
        let mut found = vec![Found::default(); self.plan.items.len()];
        let mut best: Option<(f32, usize, f32)> = None;
        for (at, (_, page)) in read.iter().enumerate() {
            let (own, closeness) = self.judge_page(page);
            let told = own.iter().zip(&self.worths).map(|(found, worth)| found.quality * worth);
            let score: f32 = sum_of_choices(self.plan, told) + closeness;
            for (all, own) in found.iter_mut().zip(own) {
                all.take(own);
            }
            if best.is_none_or(|(most, ..)| score > most) {
                best = Some((score, at, closeness));
            }
        }
        let mut field_bonus = 0.0;
        for (((item, all), in_field), worth) in self.plan.items.iter().zip(&mut found).zip(&in_fields).zip(&self.worths)
        {
            if let Some(scope) = item.scope {
                // Where the field was not understood, what stands elsewhere on the page may be its value.
                let guess = if header.holds(scope) { 0.0 } else { 0.5 };
                all.quality *= guess;
                all.level = all.level.max(Match::Ocr);
            } else {
                let share = if matches!(item.probe, Probe::Mark(_)) { 1.5 } else { 0.3 };
                field_bonus += share * in_field.quality * worth;
            }
            if item.scope.is_some() && matches!(item.probe, Probe::Value | Probe::Phrase(_)) && candidate.strict {
                all.take(Found { quality: 1.0, level: Match::Folded });
            }
            all.take(*in_field);
        }
        let told = found.iter().zip(&self.worths).map(|(found, worth)| found.quality * worth);
        let sum = sum_of_choices(self.plan, told);
        let (_, at, closeness) = best.unwrap_or_default();
        let loosest = if candidate.strict { Match::Stem } else { Match::Ocr };
        let levels = found.iter().zip(&self.plan.items).filter(|(found, item)| found.quality > 0.0 && !item.weak);
        let matched = levels.map(|(found, _)| found.level).filter(|level| *level <= loosest).max().unwrap_or(loosest);
        let (page, read) = read.into_iter().nth(at).map_or((candidate.first, PageRead::new(0, 0)), |read| read);
        Assessed {
            page,
            id,
            header,
            score: 10.0 * (sum + closeness + field_bonus) / self.total_worth + 0.01 * candidate.score.min(100.0),
            coverage: sum / self.total_worth,
            matched,
            marked: self.marked(&read),
            text: read.text,
            candidate: candidate.clone(),
        }
    }

    /// Returns how well each item is found on a page, and what the closeness of its words is worth.
    fn judge_page(&self, page: &PageRead) -> (Vec<Found>, f32) {
        let mut found = page.marks.iter().map(|places| Found::best_of(places)).collect::<Vec<_>>();
        let mut closeness = 0.0;
        let (mut joints, mut joined): (f32, f32) = (0.0, 0.0);
        let mut phrases: HashMap<usize, (f32, f32, f32)> = HashMap::new();
        for (at, target) in self.targets.iter().enumerate() {
            let places = page.places.get(at).map_or(&[][..], Vec::as_slice);
            let own = Found::best_of(places);
            let next = page.places.get(at + 1).filter(|_| target.leads).map_or(&[][..], Vec::as_slice);
            let near = nearness(places, next);
            if target.in_phrase {
                let (count, quality, together) = phrases.entry(target.item).or_default();
                *count += 1.0;
                *quality += own.quality;
                *together += near;
            } else {
                if let (Some(next), true) = (self.targets.get(at + 1), target.leads) {
                    closeness += 0.6 * near * (target.worth + next.worth) / 2.0;
                    joints += 1.0;
                    joined += near;
                }
                let often = places.iter().filter(|place| place.quality >= STEMMED).count().max(1) as f32;
                closeness += 0.1 * target.worth * (1.0 - 1.0 / often);
            }
            if let Some(all) = found.get_mut(target.item) {
                all.take(own);
            }
        }
        if joints >= 2.0 {
            // Who types a whole line wants the page that has it, even unquoted.
            closeness += VERBATIM * self.total_worth * ((joined / joints - 0.7) / 0.3).max(0.0);
        }
        for (item, (count, quality, together)) in phrases {
            let run = if count > 1.0 { together / (count - 1.0) } else { 1.0 };
            if let Some(all) = found.get_mut(item) {
                all.quality = quality / count * (0.4 + 0.6 * run);
            }
        }
        (found, closeness)
    }

    /// Returns how well each item is found among the fields of the letter.
    fn read_header(&mut self, header: &Header) -> Vec<Found> {
        let mut found = vec![Found::default(); self.plan.items.len()];
        let single = |value: &Option<String>| value.clone().into_iter().collect::<Vec<_>>();
        let fields = [
            (FieldName::Subject, single(&header.subject), 1.0),
            (FieldName::From, single(&header.from), 1.0),
            (FieldName::To, header.to.clone(), 0.5),
        ];
        for (name, values, share) in fields {
            let spellings: Vec<_> =
                values.iter().flat_map(|value| value.split(' ')).map(|word| self.spellings(word)).collect();
            let matches = spellings.iter().flat_map(|word| word.iter()).flat_map(|spelling| &spelling.matches);
            for (target, quality, level) in matches {
                let Some(target) = self.targets.get(*target) else { continue };
                let asked = target.scope == Some(name);
                if (target.scope.is_none() || asked) && !target.in_phrase {
                    let share = if asked { 1.0 } else { share };
                    if let Some(all) = found.get_mut(target.item) {
                        all.take(Found { quality: quality * share, level: *level });
                    }
                }
            }
        }
        let dates = [&header.date, &header.hijri_date].into_iter().flatten().flat_map(|date| find_marks(date));
        let dates: Vec<Reading> =
            dates.flat_map(|mark| mark.readings).filter(|reading| matches!(reading, Reading::Date(_))).collect();
        let number: Vec<Reading> = header.number.as_deref().and_then(whole_number).into_iter().collect();
        for (item, all) in self.plan.items.iter().zip(&mut found) {
            let Probe::Mark(wanted) = &item.probe else { continue };
            for (name, own) in [(FieldName::Date, &dates), (FieldName::Number, &number)] {
                if item.scope.is_none_or(|scope| scope == name)
                    && let Some((quality, level)) = compare_marks(wanted, own)
                {
                    all.take(Found { quality, level });
                }
            }
        }
        found
    }

    /// Returns how much an item tells of a letter.
    pub(super) fn worth(&self, item: usize) -> f32 {
        self.worths.get(item).copied().unwrap_or_default()
    }

    /// Returns where an item is best found on a page: one place for each of its words that is there.
    pub(super) fn best_places(&self, item: usize, page: &PageRead) -> Vec<Place> {
        let own = self.targets.iter().zip(&page.places).filter(|(target, _)| target.item == item);
        let marks = page.marks.get(item).map(Vec::as_slice);
        let best = |places: &[Place]| {
            // Of equals the first; a page has no reason to show a later one.
            places.iter().rev().max_by(|a, b| a.quality.total_cmp(&b.quality).then(b.level.cmp(&a.level))).copied()
        };
        own.map(|(_, places)| places.as_slice()).chain(marks).filter_map(best).collect()
    }

    /// Returns the items that a word of a field of the letter matches, for those that may stand there.
    pub(super) fn matches_of(&mut self, word: &str, scope: FieldName) -> Vec<(usize, f32, Match)> {
        let spellings = self.spellings(word);
        let matches = spellings.iter().flat_map(|spelling| &spelling.matches);
        let fits = |target: &&Target| target.scope.is_none_or(|own| own == scope);
        matches
            .filter_map(|(at, quality, level)| Some((self.targets.get(*at).filter(fits)?.item, *quality, *level)))
            .collect()
    }

    /// Returns the words of a page to be marked, with what each tells.
    fn marked(&self, page: &PageRead) -> Vec<(usize, f32)> {
        let mut marked: HashMap<usize, f32> = HashMap::new();
        let mut mark = |place: &Place, worth: f32| {
            for word in place.words.0..=place.words.1 {
                let told = marked.entry(word).or_default();
                *told = told.max(worth * place.quality);
            }
        };
        for (at, target) in self.targets.iter().enumerate() {
            let places = page.places.get(at).map_or(&[][..], Vec::as_slice);
            let best = Found::best_of(places).quality;
            let beside = |place: &Place| {
                let around = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
                let others =
                    around.filter(|other| self.targets.get(*other).is_some_and(|other| other.item == target.item));
                let mut places = others.filter_map(|other| page.places.get(other)).flatten();
                places.any(|other| other.position.abs_diff(place.position) <= 2 && other.position != place.position)
            };
            let alone = self.targets.iter().filter(|other| other.item == target.item).count() == 1;
            for place in places {
                let good = place.level < Match::Ocr || place.quality >= best - 0.05 && best < STEMMED - 0.05;
                // A phrase is marked where its words stand together, a weak word only next to others.
                if good
                    && (!target.in_phrase || alone || beside(place))
                    && (!target.weak || self.beside_any(at, place, page))
                {
                    mark(place, target.worth);
                }
            }
        }
        for (places, worth) in page.marks.iter().zip(&self.worths) {
            let best = Found::best_of(places).quality;
            places.iter().filter(|place| place.quality >= best - 0.05).for_each(|place| mark(place, *worth));
        }
        let mut marked: Vec<_> = marked.into_iter().collect();
        marked.sort_unstable_by_key(|(word, _)| *word);
        marked
    }

    /// Says whether a word of another target stands next to `place`.
    fn beside_any(&self, at: usize, place: &Place, page: &PageRead) -> bool {
        let others = page.places.iter().enumerate().filter(|(other, _)| other.abs_diff(at) == 1);
        others.flat_map(|(_, places)| places).any(|other| other.position.abs_diff(place.position) == 1)
    }
}

/// Returns the sum over the items, where of the items of one choice only the best counts.
fn sum_of_choices(plan: &Plan, worths: impl Iterator<Item = f32>) -> f32 {
    let mut sum = 0.0;
    let mut choices: HashMap<usize, f32> = HashMap::new();
    for (item, worth) in plan.items.iter().zip(worths) {
        match item.choice {
            None => sum += worth,
            Some(choice) => {
                let best = choices.entry(choice).or_default();
                *best = best.max(worth);
            }
        }
    }
    sum + choices.values().sum::<f32>()
}

/// Returns the words of a page's text as the index keeps it, in the order of `Page::words`.
pub(super) fn text_words(text: &str) -> impl Iterator<Item = &str> {
    text_lines(text).flat_map(|line| line.split(' '))
}

fn text_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.is_empty())
}

/// A page while it is read.
#[derive(Debug)]
pub(super) struct PageRead {
    text: String,
    /// By target.
    places: Vec<Vec<Place>>,
    /// Numbers and dates, by item.
    marks: Vec<Vec<Place>>,
}

impl PageRead {
    fn new(targets: usize, items: usize) -> Self {
        Self { text: String::new(), places: vec![Vec::new(); targets], marks: vec![Vec::new(); items] }
    }

    fn place(&mut self, target: usize, place: Place) {
        push(self.places.get_mut(target), place);
    }

    fn mark(&mut self, item: usize, place: Place) {
        push(self.marks.get_mut(item), place);
    }
}

fn push(places: Option<&mut Vec<Place>>, place: Place) {
    if let Some(places) = places.filter(|places| places.len() < MOST_PLACES) {
        places.push(place);
    }
}

/// How well an item was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub quality: f32,
    pub level: Match,
}

impl Default for Found {
    fn default() -> Self {
        Self { quality: 0.0, level: Match::Exact }
    }
}

impl Found {
    fn best_of(places: &[Place]) -> Self {
        places.iter().fold(Self::default(), |mut best, place| {
            best.take(Self { quality: place.quality, level: place.level });
            best
        })
    }

    /// Keeps the better of the two; of equals the closer match.
    fn take(&mut self, other: Self) {
        if other.quality > self.quality || (other.quality == self.quality && other.level < self.level) {
            *self = other;
        }
    }
}

/// Returns how near the places of two successive words come to each other: 1.0 side by side in order, 0.0 far apart.
fn nearness(places: &[Place], next: &[Place]) -> f32 {
    let mut best: f32 = 0.0;
    for one in places {
        for other in next {
            let near = match other.position as i64 - one.position as i64 {
                0 if one.quality == other.quality => 1.0,
                1 => 1.0,
                2 => 0.85,
                3..=6 => 0.4,
                -6..=-1 => 0.3,
                _ => 0.0,
            };
            best = best.max(near * one.quality.min(other.quality));
        }
    }
    best
}
