//! Which pages are one document, and how documents are made by one pass over lists of pages.
//!
//! Pages of one document stand next to each other in the index, and lists are in ascending order. So [`walk`] goes
//! through all lists a window of pages at a time and hands on each document once, with what it holds.

use super::lists::List;
use std::sync::Arc;
use tantivy::columnar::ColumnValues;
use tantivy::{DocId, SegmentReader, TERMINATED};

/// Which pages of a segment belong to one document.
pub(super) struct Places {
    numbers: Arc<dyn ColumnValues<u64>>,
    totals: Arc<dyn ColumnValues<u64>>,
    end: DocId,
}

impl Places {
    pub(super) fn of(reader: &SegmentReader) -> tantivy::Result<Self> {
        let column = |name| reader.fast_fields().column_first_or_default::<u64>(name);
        Ok(Self { numbers: column("page")?, totals: column("pages")?, end: reader.max_doc() })
    }

    /// Returns the first page of the document that `page` belongs to.
    pub(super) fn first(&self, page: DocId) -> DocId {
        page.saturating_sub(u32::try_from(self.numbers.get_val(page).saturating_sub(1)).unwrap_or(0))
    }

    /// Returns the page behind the last one of the document that begins on `first`.
    pub(super) fn end(&self, first: DocId) -> DocId {
        let pages = u32::try_from(self.totals.get_val(first).max(1)).unwrap_or(1);
        first.saturating_add(pages).min(self.end)
    }
}

/// A document that came up.
pub(super) struct Seen<'a> {
    /// Its first page.
    pub first: DocId,
    /// The page behind its last one.
    pub end: DocId,
    /// The bits of the lists that hold it.
    pub mask: u64,
    /// What its best page scores.
    pub best: f32,
    /// Its pages that came up, with what they score.
    pub pages: &'a [(DocId, f32)],
}

/// Goes through all lists and calls `each` with the documents that are in any of them, in ascending order, until it
/// says that this is enough.
pub(super) fn walk(places: &Places, lists: &mut [(u64, List)], each: &mut dyn FnMut(Seen) -> bool) {
    const WINDOW: usize = 4096;
    let mut scores = vec![(0.0_f32, 0_u64); WINDOW];
    let mut open = OpenDocument::default();
    while let Some(start) = lists.iter().map(|(_, list)| list.doc()).min().filter(|page| *page != TERMINATED) {
        let stop = start.saturating_add(WINDOW as u32).min(TERMINATED);
        let mut touched = [0_u64; WINDOW / 64];
        for (bit, list) in lists.iter_mut() {
            while list.doc() < stop {
                let at = (list.doc() - start) as usize;
                if let (Some((score, mask)), Some(touched)) = (scores.get_mut(at), touched.get_mut(at / 64)) {
                    *score += list.score();
                    *mask |= *bit;
                    *touched |= 1 << (at % 64);
                }
                list.advance();
            }
        }
        for (block, bits) in touched.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let at = block * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let Some((score, mask)) = scores.get_mut(at).map(std::mem::take) else { continue };
                if !open.take(start + at as u32, score, mask, places, each) {
                    return;
                }
            }
        }
    }
    open.close(each);
}

/// A document while its pages come up.
#[derive(Default)]
struct OpenDocument {
    first: DocId,
    end: DocId,
    mask: u64,
    best: f32,
    pages: Vec<(DocId, f32)>,
}

impl OpenDocument {
    fn take(
        &mut self,
        page: DocId,
        score: f32,
        mask: u64,
        places: &Places,
        each: &mut dyn FnMut(Seen) -> bool,
    ) -> bool {
        let mut goes_on = true;
        if page >= self.end {
            goes_on = self.close(each);
            self.first = places.first(page);
            self.end = places.end(self.first).max(page + 1);
        }
        self.mask |= mask;
        self.best = self.best.max(score);
        self.pages.push((page, score));
        goes_on
    }

    fn close(&mut self, each: &mut dyn FnMut(Seen) -> bool) -> bool {
        let mut goes_on = true;
        if !self.pages.is_empty() {
            let Self { first, end, mask, best, pages } = &*self;
            goes_on = each(Seen { first: *first, end: *end, mask: *mask, best: *best, pages });
        }
        (self.mask, self.best) = (0, 0.0);
        self.pages.clear();
        goes_on
    }
}
