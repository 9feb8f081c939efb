//! `ledger`: the balance of everything ever handed in, by day and by folder, and the lists behind its numbers.

use super::args::{Common, LedgerArgs, LedgerList};
use super::{Outcome, UsageError, print};
use crate::catalogue::{InputRow, InputStatus, Ledger, LedgerBy, RowFilter, UnreadPage};
use crate::model::DocumentId;
use crate::pipeline::{Access, Store};
use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Rows fetched at once, so that a long ledger takes little memory.
const ROWS_AT_ONCE: u32 = 1000;

/// Runs `ledger`.
pub fn run(common: &Common, args: &LedgerArgs) -> Result<Outcome> {
    let since = args.since.as_deref().map(|text| time(text, Timestamp::now())).transpose()?;
    let store = Store::open(&common.archive, Access::Read)?;
    let ledger = store.catalogue.ledger_since(since)?;
    let mut out = io::stdout().lock();
    match (args.list, args.csv) {
        (Some(list), _) => write_list(&mut out, common, args.csv, &store, list, since)?,
        (None, true) => write_list(&mut out, common, true, &store, LedgerList::Seen, since)?,
        (None, false) if common.json => writeln!(out, "{}", object(&store, &ledger, since)?)?,
        (None, false) => {
            let rows = |status: &str| {
                store.catalogue.inputs(&RowFilter { status: Some(status.to_owned()), since, ..RowFilter::default() })
            };
            if let Some(by) = args.by {
                for (name, ledger) in store.catalogue.ledger_by(by.into(), since)? {
                    print::balance(&mut out, &ledger, &name)?;
                }
            }
            let unread = store.catalogue.unread(None)?;
            print::ledger(&mut out, &ledger, &rows("failed")?, &rows("waiting")?, &unread)?;
        }
    }
    Ok(if ledger.balances() { Outcome::Well } else { Outcome::NotAll })
}

/// Returns the time that was typed: a day, a moment, or how long ago (`36h`, `7d`, `2w`).
fn time(text: &str, now: Timestamp) -> Result<Timestamp, UsageError> {
    let wrong = || {
        UsageError(format!(
            "--since {text:?}: give a day (2026-01-31), a moment (2026-01-31T08:00:00Z), or 36h, 7d, 2w"
        ))
    };
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        let midnight = format!("{day}T00:00:00Z");
        return midnight.parse().map_err(|_| wrong());
    }
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 7 * 24,
        _ => return Err(wrong()),
    };
    let count: i64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    let ago = count.checked_mul(hours).filter(|hours| (0..=10_000_000).contains(hours)).ok_or_else(wrong)?;
    now.checked_sub(SignedDuration::from_hours(ago)).map_err(|_| wrong())
}

/// Returns the balance as programs see it, with that of each day and folder.
fn object(store: &Store, ledger: &Ledger, since: Option<Timestamp>) -> Result<Value> {
    let mut object = numbers(ledger);
    for (key, name, by) in [("days", "day", LedgerBy::Day), ("sources", "source", LedgerBy::Source)] {
        let mut groups = Vec::new();
        for (group, ledger) in store.catalogue.ledger_by(by, since)? {
            let mut numbers = numbers(&ledger);
            numbers[name] = group.into();
            groups.push(numbers);
        }
        object[key] = groups.into();
    }
    object["since"] = since.map(|since| since.to_string()).into();
    Ok(object)
}

fn numbers(ledger: &Ledger) -> Value {
    json!({
        "seen": ledger.seen, "stored": ledger.stored, "duplicate": ledger.duplicate, "failed": ledger.failed,
        "waiting": ledger.waiting, "ignored": ledger.ignored, "balances": ledger.balances(),
        "unread_pages": ledger.unread_pages,
    })
}

/// A row of the ledger or a page that could not be read, as programs see it: names and values in the order of the columns.
type Record = Vec<(&'static str, Value)>;

fn write_list(
    out: &mut impl Write,
    common: &Common,
    as_csv: bool,
    store: &Store,
    list: LedgerList,
    since: Option<Timestamp>,
) -> Result<()> {
    let mut csv = as_csv.then(|| csv::Writer::from_writer(Vec::new()));
    let mut heading_is_due = true;
    let mut each = |record: Record, line: String| -> Result<()> {
        if let Some(csv) = &mut csv {
            if std::mem::take(&mut heading_is_due) {
                csv.write_record(record.iter().map(|(name, _)| *name))?;
            }
            csv.write_record(record.iter().map(|(_, value)| cell(value)))?;
            csv.flush()?;
        } else if common.json {
            let object: serde_json::Map<String, Value> =
                record.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            writeln!(out, "{}", Value::from(object))?;
        } else {
            writeln!(out, "{line}")?;
        }
        Ok(())
    };
    match list {
        LedgerList::Ignored => {
            for path in store.catalogue.ignored(since)? {
                each(vec![("location", path.clone().into())], path)?;
            }
        }
        LedgerList::Unread => {
            for page in store.catalogue.unread(None)? {
                let rows = store.catalogue.inputs_of(&page.original)?;
                let path = rows.first().map(|row| row.input.path.clone()).unwrap_or_default();
                let line = format!("{path}  page {}: {}: {}", page.page, page.code, page.message);
                each(unread_record(&page, path), line)?;
            }
        }
        LedgerList::Seen => rows(store, None, since, &mut each)?,
        LedgerList::Stored => rows(store, Some("stored"), since, &mut each)?,
        LedgerList::Duplicate => rows(store, Some("duplicate"), since, &mut each)?,
        LedgerList::Failed => rows(store, Some("failed"), since, &mut each)?,
        LedgerList::Waiting => rows(store, Some("waiting"), since, &mut each)?,
    }
    if let Some(csv) = csv {
        let bytes = csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        out.write_all(&bytes)?;
    }
    Ok(())
}

fn rows(
    store: &Store,
    status: Option<&str>,
    since: Option<Timestamp>,
    each: &mut impl FnMut(Record, String) -> Result<()>,
) -> Result<()> {
    let status = status.map(str::to_owned);
    let mut filter = RowFilter { status, since, limit: Some(ROWS_AT_ONCE), ..RowFilter::default() };
    loop {
        let rows = store.catalogue.inputs(&filter)?;
        let Some(last) = rows.last() else { return Ok(()) };
        filter.after = Some(last.id);
        for row in rows {
            let documents = match &row.input.content {
                Some(content) => store.catalogue.documents_of(content)?,
                None => Vec::new(),
            };
            let (status, error) = print::status_of(&row.status);
            let why = error.map_or(String::new(), |error| format!("  {}: {}", error.code, error.message));
            let line = format!("{}  {status}{why}", row.input.path);
            each(record(row, &documents), line)?;
        }
    }
}

fn record(row: InputRow, documents: &[DocumentId]) -> Record {
    let (status, error) = match row.status {
        InputStatus::Failed(error) => ("failed", Some(error)),
        other => (print::status_of(&other).0, None),
    };
    let input = row.input;
    let documents: Vec<String> = documents.iter().map(DocumentId::to_string).collect();
    vec![
        ("path", input.path.into()),
        ("location", input.location.into()),
        ("source", input.source.into()),
        ("by", input.by.into()),
        ("sha256", input.content.map(|content| content.to_string()).into()),
        ("bytes", input.bytes.into()),
        ("media_type", input.media_type.into()),
        ("first_seen", row.first_seen.to_string().into()),
        ("updated", row.updated.to_string().into()),
        ("status", status.into()),
        ("code", error.as_ref().map(|error| error.code.as_str()).into()),
        ("message", error.as_ref().map(|error| error.message.as_str()).into()),
        ("page", error.as_ref().and_then(|error| error.page).into()),
        ("attempts", row.attempts.into()),
        ("organisation", input.organisation.into()),
        ("shelf", input.place.shelf.into()),
        ("box", input.place.carton.into()),
        ("file", input.place.binder.into()),
        ("documents", documents.into()),
    ]
}

fn unread_record(page: &UnreadPage, path: String) -> Record {
    vec![
        ("path", path.into()),
        ("sha256", page.original.to_string().into()),
        ("page", page.page.into()),
        ("code", page.code.as_str().into()),
        ("message", page.message.as_str().into()),
    ]
}

/// Returns a value as a cell of a table.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let now = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(time(text, now).ok().map(|time| time.to_string()).as_deref(), want, "{text}");
    }

    #[test]
    fn times_are_days_moments_or_how_long_ago() {
        check("2026-01-05", Some("2026-01-05T00:00:00Z"));
        check("2026-01-05T08:12:44Z", Some("2026-01-05T08:12:44Z"));
        check("36h", Some("2026-01-30T00:00:00Z"));
        check("2w", Some("2026-01-17T12:00:00Z"));
        for wrong in ["", "d", "-3d", "yesterday", "99999999999999999999d", "٣d"] {
            check(wrong, None);
        }
    }
}
