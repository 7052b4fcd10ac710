//! `accunode score`: a portfolio file in, the same file with probabilities of default out.

mod summary;
mod table;

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use accunode_domain::Kind;
use accunode_scoring::{BatchExplanations, BatchScores, Bundle};
use accunode_sheets::{FileError, Format, Limits, Reader, Record, Row, Writer, ratio_columns};
use anyhow::Context as _;

use self::{
    summary::Summary,
    table::{Scored, Table},
};
use super::{is_standard, printed};

/// Rows that are held, scored and written at a time.
const BLOCK: usize = 4096;

/// Score a portfolio file (CSV or XLSX).
///
/// The output has the columns of the input as they are, then the results, `model_version`, `quality` (what is odd
/// about a row, as `field:code;field:code`) and `error` (what is wrong with it; such a row has no results). Every
/// row of the input stands in the output once, in the same order. An input column that has the name of a result
/// is written as `input_<name>`.
#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    /// What the file holds: `annual` or `quarterly` ratios.
    #[arg(long)]
    kind: Kind,
    /// File to read, .csv or .xlsx. `-` is CSV from standard input.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// File to write, .csv or .xlsx; it appears when it is complete. `-` is CSV to standard output.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Folder of a model bundle instead of the one that ships with this program.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Add a column `driver_<ratio>` for each ratio: what it adds to the log-odds of default.
    #[arg(long)]
    explain: bool,
    /// Exit with 1 if any row could not be scored.
    #[arg(long)]
    strict: bool,
}

/// Runs `accunode score …`.
///
/// # Errors
/// What a person needs to know to put it right: the file, the row and the reason.
pub(crate) fn run(args: ScoreArgs) -> anyhow::Result<ExitCode> {
    printed(score(&args).map(|summary| {
        summary.print();
        if args.strict && summary.failed() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }))
}

fn score(args: &ScoreArgs) -> anyhow::Result<Summary> {
    let bundle = bundle(args)?;
    let input_name = shown(&args.input, "standard input");
    let output_name = shown(&args.output, "standard output");
    let mut reader = open(&args.input, args.kind).with_context(|| input_name.clone())?;
    let table = Table::new(&bundle, reader.headers(), args.explain);
    let mut writer = create(&args.output, &table.header()).with_context(|| output_name.clone())?;
    let mut summary = Summary::new(&bundle, table.renamed());
    let mut rows = Vec::with_capacity(BLOCK);
    loop {
        rows.clear();
        for row in reader.by_ref().take(BLOCK) {
            rows.push(row.with_context(|| input_name.clone())?);
        }
        if rows.is_empty() {
            break;
        }
        let mut results = Results::of(&bundle, &rows, args.explain)?;
        for row in &rows {
            let scored = row.record.as_ref().ok().and_then(|_| results.next());
            summary.add(scored.as_ref());
            table.write(&mut writer, row, scored.as_ref()).with_context(|| output_name.clone())?;
        }
        summary.show_progress();
    }
    writer.finish().with_context(|| output_name.clone())?;
    Ok(summary)
}

/// The results of a block's good rows, in order.
struct Results {
    scores: BatchScores,
    explanations: Option<BatchExplanations>,
    next: usize,
}

impl Results {
    fn of(bundle: &Bundle, rows: &[Row], explain: bool) -> anyhow::Result<Self> {
        let good: Vec<&Record> = rows.iter().filter_map(|row| row.record.as_ref().ok()).collect();
        let columns = ratio_columns(bundle.kind(), good.into_iter());
        let explanations = explain.then(|| bundle.explain_batch(&columns)).transpose()?;
        Ok(Self { scores: bundle.score_batch(&columns)?, explanations, next: 0 })
    }
}

impl Iterator for Results {
    type Item = Scored;

    fn next(&mut self) -> Option<Scored> {
        let i = self.next;
        self.next += 1;
        (i < self.scores.len()).then(|| Scored {
            score: self.scores.get(i),
            drivers: self.explanations.as_ref().map(|e| e.contributions(i).to_vec()).unwrap_or_default(),
        })
    }
}

fn bundle(args: &ScoreArgs) -> anyhow::Result<Bundle> {
    let Some(folder) = &args.bundle else {
        return accunode_scoring::shipped(args.kind).context("the model that ships with this program");
    };
    let bundle = Bundle::load(folder).with_context(|| folder.display().to_string())?;
    anyhow::ensure!(
        bundle.kind() == args.kind,
        "{}: the bundle is for {} ratios, not for {} ones",
        folder.display(),
        bundle.kind(),
        args.kind
    );
    Ok(bundle)
}

fn open(path: &Path, kind: Kind) -> Result<Reader, FileError> {
    // It is the user's own machine: a large file is welcome as long as it is a sane one.
    let limits = Limits { max_unzipped_bytes: 16 << 30, ..Limits::default() };
    if is_standard(path) {
        return Reader::csv(io::stdin(), kind, &limits);
    }
    // Before the file is opened: a wrong ending is the better thing to hear about.
    let format = Format::from_name(&path.to_string_lossy())?;
    let file = File::open(path)?;
    match format {
        Format::Csv => Reader::csv(file, kind, &limits),
        Format::Xlsx => Reader::xlsx(BufReader::new(file), kind, &limits),
    }
}

fn create(path: &Path, header: &[&str]) -> Result<Writer, FileError> {
    if is_standard(path) { Writer::csv(io::stdout(), header) } else { Writer::create(path, header) }
}

/// The path as a message names it.
fn shown(path: &Path, standard: &str) -> String {
    if is_standard(path) { standard.to_owned() } else { path.display().to_string() }
}
