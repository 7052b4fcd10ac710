//! `accunode model pack`: a bundle's folder as an archive, tried as the server will try it.

use std::{fs, io::Write};

use accunode_scoring::{Bundle, BundleError, GOLDEN, archive};
use anyhow::Context as _;

use super::PackArgs;

pub(super) fn run(args: &PackArgs) -> anyhow::Result<()> {
    let folder = args.folder.display();
    let wrong = |error: BundleError| anyhow::anyhow!("{folder}: {error}");
    let (_, mut files) = Bundle::load_with_files(&args.folder).map_err(wrong)?;
    let golden = fs::read(args.folder.join(GOLDEN)).with_context(|| format!("{folder}: {GOLDEN}"))?;
    files.insert(GOLDEN.to_owned(), golden);
    let bytes = archive::pack(&files).map_err(wrong)?;
    let opened = archive::open(&bytes).map_err(wrong)?;
    fs::write(&args.output, &bytes).with_context(|| args.output.display().to_string())?;
    let bundle = &opened.bundle;
    writeln!(
        std::io::stdout().lock(),
        "{} {} ({}): {} golden rows, {} bytes, hash {}",
        bundle.name(),
        bundle.version(),
        bundle.kind(),
        opened.golden_rows,
        bytes.len(),
        bundle.hash()
    )?;
    Ok(())
}
