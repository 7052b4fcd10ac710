//! The sets of categories of a tree's categorical splits.

use std::sync::Arc;

use super::text::{Entries, Result, refuse};

/// Reads `cat_boundaries` (where each set's words start, and the end) and `cat_threshold` (the words).
pub(super) fn read_sets(entries: &Entries<'_>) -> Result<Vec<Arc<[u32]>>> {
    let count = if entries.find("num_cat").is_some() { entries.number::<usize>("num_cat")? } else { 0 };
    if count == 0 {
        return Ok(Vec::new());
    }
    let (line, text) = entries.need("cat_boundaries")?;
    let expected = text.split_ascii_whitespace().count();
    if count.checked_add(1) != Some(expected) {
        return refuse(
            line,
            format!("\"cat_boundaries\" has {expected} values for {count} sets, expected one more"),
        );
    }
    let boundaries: Vec<usize> = entries.list("cat_boundaries", expected)?;
    let (_, text) = entries.need("cat_threshold")?;
    let words: Vec<u32> = entries.list("cat_threshold", text.split_ascii_whitespace().count())?;
    if boundaries.first() != Some(&0) || boundaries.last() != Some(&words.len()) {
        let reason =
            format!("\"cat_boundaries\" do not run from 0 to the {} words of cat_threshold", words.len());
        return refuse(line, reason);
    }
    let mut sets = Vec::with_capacity(count);
    for pair in boundaries.windows(2) {
        match words.get(pair[0]..pair[1]) {
            Some(set) if !set.is_empty() => sets.push(Arc::from(set)),
            _ => {
                return refuse(
                    line,
                    format!("\"cat_boundaries\" do not rise from {} to {}", pair[0], pair[1]),
                );
            }
        }
    }
    Ok(sets)
}
