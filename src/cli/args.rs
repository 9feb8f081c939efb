//! What was typed.

use crate::catalogue::LedgerBy;
use crate::model::Kind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Turns paper archives of Arabic official correspondence into something a clerk can search.
#[derive(Debug, Parser)]
#[command(name = "warraq", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Folder of the archive
    #[arg(long, global = true, env = "WARRAQ_ARCHIVE", default_value = "warraq-archive", value_name = "DIR")]
    pub archive: PathBuf,
    /// Configuration file (TOML); everything has a default
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Results as JSON, a line each
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more about what is done; twice for every page
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read files and folders into the archive and make them searchable
    Ingest(IngestArgs),
    /// Take in whatever scanners drop into folders, for ever
    Watch(WatchArgs),
    /// Find letters by their words, number, date, parties or subject
    Search(SearchArgs),
    /// Show one document: fields and text
    Show(ShowArgs),
    /// Write documents out
    Export(ExportArgs),
    /// Show the letters that one answers and that answer it, with their dates and reply times
    Thread(ThreadArgs),
    /// Show the letters related to one: those of its thread, and those with its subject
    Related(RelatedArgs),
    /// Set a field of a letter right; without a field, what was set right before
    Correct(CorrectArgs),
    /// Part a document in two: a further letter begins on one of its pages
    Split(SplitArgs),
    /// Join two letters that follow each other in one file
    Join(JoinArgs),
    /// The bodies known by name, and those that letters name and nobody entered
    Bodies(BodiesArgs),
    /// Serve pages for people and an interface for programs
    Serve(ServeArgs),
    /// What became of everything ever handed in
    Ledger(LedgerArgs),
    /// Take failed and waiting files up again, and pages that could not be read
    Retry(RetryArgs),
    /// Check every blob, the catalogue and the index against each other
    Verify(VerifyArgs),
    /// Copy the archive into a folder (BagIt), beside running work; later copies only what is new
    Backup(BackupArgs),
    /// Bring an archive back from a backup, into an empty folder
    Restore(RestoreArgs),
    /// Build the index anew from the archive alone
    Reindex(ReindexArgs),
    /// Measure how well pages with known text are read
    Evaluate(EvaluateArgs),
    /// Measure the search index on made letters: size, speed of building, time of queries
    BenchSearch(BenchSearchArgs),
    /// Draw how the pages of a file are read: its lines, zones and words
    Inspect(InspectArgs),
    /// Check models, libraries, folders and free space
    Doctor(DoctorArgs),
    /// Reads the pages of one PDF for the program that started it
    #[command(hide = true)]
    PdfPages {
        path: PathBuf,
        /// Version of the program that asks
        version: Option<String>,
    },
    /// Reads the pages of one file under suspicion for the program that started it
    #[command(hide = true)]
    ReadApart {
        #[command(flatten)]
        reading: ReadingArgs,
        path: PathBuf,
    },
}

/// How pages are read.
#[derive(Clone, Debug, Args)]
pub struct ReadingArgs {
    /// Pages read at once; 0 for one a processor
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// What reads the pages
    #[arg(long, value_enum, default_value_t)]
    pub engine: Engine,
    /// Folder of the models, instead of those built in
    #[arg(long, value_name = "DIR")]
    pub tessdata: Option<PathBuf>,
    /// Take page texts from DIR/<stem>.gt.txt instead of reading the images
    #[arg(long, value_name = "DIR")]
    pub text_from: Option<PathBuf>,
    /// File of passwords for encrypted PDFs, a line each; the empty one is tried first
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct IngestArgs {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// The body these files belong to
    #[arg(long, value_name = "ID")]
    pub organisation: Option<String>,
    /// Read the bytes of known files again, also where size and times say that they have not changed
    #[arg(long)]
    pub paranoid: bool,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// The body these files belong to
    #[arg(long, value_name = "ID")]
    pub organisation: Option<String>,
    /// How long a file must be at rest before it is taken in; half or a quarter of it where its writer was seen to close it
    #[arg(long, default_value = "5s", value_name = "TIME")]
    pub settle: String,
    /// Time between two walks through the folders, which find what no event told of
    #[arg(long, default_value = "60s", value_name = "TIME")]
    pub rescan: String,
    /// What is done with files that are in the archive: keep, move:DIR or delete. Files that failed get their reason into failed/ of
    /// their folder, and go there themselves unless files are kept
    #[arg(long, default_value = "keep", value_name = "WHAT")]
    pub after: String,
    /// Folders
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Clients come through a proxy that ends TLS and sets X-Forwarded-For and X-Forwarded-Host
    #[arg(long, conflicts_with = "certificate")]
    pub behind_proxy: bool,
    /// Certificate chain (PEM), to serve by TLS
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

#[derive(Debug, Args)]
pub struct RetryArgs {
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Only what failed with this code, such as timed_out; may be given several times
    #[arg(long, value_name = "CODE")]
    pub code: Vec<String>,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Read only this share of the blobs again, in percent; others each time
    #[arg(long, value_name = "P", default_value_t = 100.0)]
    pub sample: f64,
    /// Mend what can be mended; nobody else may be writing the archive
    #[arg(long)]
    pub repair: bool,
    /// Backup to bring damaged and missing bytes back from
    #[arg(long, value_name = "DIR", requires = "repair")]
    pub backup: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Read again, and mend, what an earlier backup in the folder holds
    #[arg(long)]
    pub all: bool,
    /// Folder of the backup
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Folder of the backup
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// Only what was first seen since then: a day, a moment, or how long ago (36h, 7d, 2w)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// With the balance of each day (UTC) or each folder handed in
    #[arg(long, value_enum)]
    pub by: Option<LedgerGroup>,
    /// The list behind a number instead of the balance
    #[arg(long, value_enum)]
    pub list: Option<LedgerList>,
    /// The list as a table (CSV); of everything seen where --list is not given
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// What the ledger is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LedgerGroup {
    /// Day on which a file was seen first
    Day,
    /// Folder that was handed in
    Source,
}

impl From<LedgerGroup> for LedgerBy {
    fn from(group: LedgerGroup) -> Self {
        match group {
            LedgerGroup::Day => Self::Day,
            LedgerGroup::Source => Self::Source,
        }
    }
}

/// A number of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LedgerList {
    /// Every path with one content
    Seen,
    /// Stored files
    Stored,
    /// Files whose bytes were there before
    Duplicate,
    /// Failed files
    Failed,
    /// Files not done
    Waiting,
    /// Paths that hold no kind of file Warraq reads
    Ignored,
    /// Pages of stored files that could not be read
    Unread,
}

/// A reader of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Tesseract 5 with its Arabic model
    Tesseract,
    /// Our own line reader
    #[default]
    Warraq,
    /// Our own line reader, and Tesseract for lines of which it is not sure
    Both,
}

#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Most hits to show
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub limit: usize,
    /// Hits to pass over
    #[arg(long, default_value_t = 0, value_name = "M")]
    pub offset: usize,
    /// Only letters issued by a body with these words in its name
    #[arg(long, value_name = "BODY")]
    pub from: Option<String>,
    /// Only letters addressed to a body with these words in its name
    #[arg(long, value_name = "BODY")]
    pub to: Option<String>,
    /// Only letters of this kind: letter, memo, circular, order, minutes, other
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<Kind>,
    /// Only letters of this day or later, such as 2014-03-12
    #[arg(long, value_name = "DATE")]
    pub date_from: Option<Date>,
    /// Only letters of this day or earlier
    #[arg(long, value_name = "DATE")]
    pub date_to: Option<Date>,
    /// Only letters of this organisation; may be given again for another one
    #[arg(long, value_name = "ID")]
    pub organisation: Vec<String>,
    /// Also tell how the letters found spread over years, months, bodies, kinds and organisations
    #[arg(long)]
    pub facets: bool,
    /// Also tell of each letter which of its words and fields spoke for it, and how closely they match
    #[arg(long)]
    pub explain: bool,
    /// Words, "phrases", -excluded words, fields such as العدد:12/345 or date:2014-03-12. Without any, all letters that
    /// the options above allow
    #[arg(required_unless_present_any = ["from", "to", "kind", "date_from", "date_to", "organisation"], value_name = "QUERY")]
    pub query: Vec<String>,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = || Kind::ALL.map(Kind::as_str).join(", ");
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| format!("the kinds are {}", names()))
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Document id, or its first digits
    pub id: String,
}

#[derive(Debug, Args)]
pub struct ThreadArgs {
    /// Document id, or its first digits
    #[arg(required_unless_present = "missing")]
    pub id: Option<String>,
    /// List the letters that are cited and were never received, the most cited first
    #[arg(long, conflicts_with = "id")]
    pub missing: bool,
}

#[derive(Debug, Args)]
pub struct RelatedArgs {
    /// Document id, or its first digits
    pub id: String,
    /// Most letters to show for their subject
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub limit: usize,
}

/// Who makes a change.
#[derive(Debug, Args)]
pub struct By {
    /// Who makes the change; kept with it
    #[arg(long, env = "USER", default_value = "unknown", value_name = "NAME")]
    pub by: String,
}

#[derive(Debug, Args)]
pub struct CorrectArgs {
    /// Document id, or its first digits
    pub id: String,
    /// Field: kind, number, date, hijri_date, from, to, subject, references, copies_to, signatory.name, signatory.title,
    /// attachments, secrecy, received.number, received.date
    pub field: Option<String>,
    /// Its value, or values where it holds a list; none clears it. A reference is its number and its date: "12/345 2014-03-12"
    pub values: Vec<String>,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Document id, or its first digits
    pub id: String,
    /// Page of the document on which the further letter begins, from 2
    pub page: u32,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Document id
    pub id: String,
    /// Id of the letter that follows it, or that it follows
    pub other: String,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Args)]
pub struct BodiesArgs {
    #[command(subcommand)]
    pub command: BodiesCommand,
}

#[derive(Debug, Subcommand)]
pub enum BodiesCommand {
    /// List the bodies known, then those that letters name and nobody entered, with the number of their letters
    List,
    /// Enter a body
    Add {
        /// Its name
        name: String,
        /// Another name of it: an older one, or a spelling
        #[arg(long, value_name = "NAME")]
        also: Vec<String>,
        /// An abbreviation
        #[arg(long, value_name = "NAME")]
        short: Vec<String>,
        /// The body above it
        #[arg(long, value_name = "NAME")]
        above: Option<String>,
        /// First year of the name
        #[arg(long, value_name = "YEAR")]
        from: Option<u16>,
        /// Last year of the name
        #[arg(long, value_name = "YEAR")]
        until: Option<u16>,
        /// The body that took its place
        #[arg(long, value_name = "NAME")]
        now: Option<String>,
    },
    /// Say that two names mean one body
    Merge {
        /// The name that is given up, or a name that no body has yet
        name: String,
        /// Name of the body that it means
        into: String,
    },
}

#[derive(Debug, Args)]
pub struct ReindexArgs {
    /// First understand every letter anew by the rules of this version; what people set right stays
    #[arg(long)]
    pub letters: bool,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Form to write
    #[arg(long, value_enum)]
    pub format: Format,
    /// Folder to write into; without it, jsonl goes to standard output
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// With each word's box and confidence, and each field's evidence (jsonl)
    #[arg(long)]
    pub words: bool,
    /// Pack grey and colour images of image files anew, with loss, where that takes less room (pdf)
    #[arg(long)]
    pub optimise: bool,
    /// Version of ALTO
    #[arg(long, value_enum, default_value_t = AltoVersion::Four)]
    pub alto_version: AltoVersion,
    /// File of passwords for encrypted PDFs, a line each; the empty one is tried first
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Documents; all where none is given
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line and document
    Jsonl,
    /// Plain text, pages parted by form feeds
    Text,
    /// Searchable PDF, PDF/A-2b where the original allows it; page images are passed through untouched
    Pdf,
    /// ALTO 4.4 (XML)
    Alto,
    /// hOCR 1.2
    Hocr,
}

/// A version of ALTO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AltoVersion {
    /// 2.1
    #[value(name = "2", alias = "2.1")]
    Two,
    /// 4.4
    #[value(name = "4", alias = "4.4")]
    Four,
}

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Folder of pages (images, PDFs), each with its text in <name>.gt.txt beside it
    #[arg(long, value_name = "DIR")]
    pub truth: PathBuf,
    /// What reads the pages; several are compared
    #[arg(long, value_enum, value_delimiter = ',')]
    pub engine: Vec<Engine>,
    /// Files read at once; 0 for one a processor
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Folder of the models, instead of those built in
    #[arg(long, value_name = "DIR")]
    pub tessdata: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BenchSearchArgs {
    /// Pages of the index
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub pages: u64,
    /// Queries of each class
    #[arg(long, default_value_t = 100, value_name = "M")]
    pub queries: u64,
    /// Other queries of each class that are asked first and not measured, as a server that has run for a while was
    #[arg(long, default_value_t = 100, value_name = "W")]
    pub warm_up: u64,
    /// Only queries of these classes, as the table names them
    #[arg(long, value_name = "CLASS")]
    pub class: Vec<String>,
    /// Hostile queries besides: signs, stars, thousands of letters
    #[arg(long, default_value_t = 0, value_name = "M")]
    pub hostile: u64,
    /// Also count how the letters found spread
    #[arg(long)]
    pub facets: bool,
    /// What the letters and queries are made from
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    pub seed: u64,
    /// Build the index in this folder and leave it there; one that was left there is searched as it stands
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Folder for the pictures
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// The page, from 1; all where none is given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub page: Option<u32>,
    /// What reads the pages
    #[arg(long, value_enum, default_value_t)]
    pub engine: Engine,
    /// Folder of the models, instead of those built in
    #[arg(long, value_name = "DIR")]
    pub tessdata: Option<PathBuf>,
    /// A scan or PDF
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Folder of the models, instead of those built in
    #[arg(long, value_name = "DIR")]
    pub tessdata: Option<PathBuf>,
}
