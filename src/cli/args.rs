//! What was typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
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
    /// Find letters by their words, number, date, parties or subject
    Search(SearchArgs),
    /// Show one document: fields and text
    Show(ShowArgs),
    /// Write documents out
    Export(ExportArgs),
    /// What became of everything ever handed in
    Ledger,
    /// Check every blob, the catalogue and the index against each other
    Verify,
    /// Build the index anew from the archive alone
    Reindex,
    /// Check models, libraries, folders and free space
    Doctor(DoctorArgs),
    /// Reads the pages of one PDF for the program that started it
    #[command(hide = true)]
    PdfPages {
        path: PathBuf,
        /// Version of the program that asks
        version: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct IngestArgs {
    /// Pages read at once; 0 for one a processor
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// What reads the pages
    #[arg(long, value_enum, default_value_t = Engine::Tesseract)]
    pub engine: Engine,
    /// Folder of the Tesseract model, instead of the one built in
    #[arg(long, value_name = "DIR")]
    pub tessdata: Option<PathBuf>,
    /// The body these files belong to
    #[arg(long, value_name = "ID")]
    pub organisation: Option<String>,
    /// Take page texts from DIR/<stem>.gt.txt instead of reading the images
    #[arg(long, value_name = "DIR")]
    pub text_from: Option<PathBuf>,
    /// File of passwords for encrypted PDFs, a line each; the empty one is tried first
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// A reader of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// Tesseract 5 with its Arabic model
    Tesseract,
}

#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Most hits to show
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub limit: usize,
    /// Hits to pass over
    #[arg(long, default_value_t = 0, value_name = "M")]
    pub offset: usize,
    /// Words, "phrases", -excluded words, fields such as العدد:12/345 or date:2014-03-12
    #[arg(required = true, value_name = "QUERY")]
    pub query: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Document id, or its first digits
    pub id: String,
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
pub struct DoctorArgs {
    /// Folder of the Tesseract model, instead of the one built in
    #[arg(long, value_name = "DIR")]
    pub tessdata: Option<PathBuf>,
}
