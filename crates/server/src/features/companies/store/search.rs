//! Searching while somebody types, and what searches share.

use accunode_db::{Engine, Result, Tx, bulk::json_ids, on, sql};
use uuid::Uuid;

use super::{CompanyRow, Sight};
use crate::listing::{contains, literal};

/// The fewest characters that SQLite's index of words knows.
const INDEXED: usize = 3;

/// A text to look for in symbols and names, as patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// For LIKE, on PostgreSQL.
    pub(crate) like: String,
    /// For GLOB, on SQLite.
    pub(crate) glob: String,
    /// For SQLite's index, where the text is long enough for it.
    pub(crate) phrase: Option<String>,
}

impl Words {
    /// Anywhere in symbol and name.
    pub(crate) fn anywhere(text: &str) -> Self {
        let long = text.chars().count() >= INDEXED;
        // In quotation marks a text means nothing but itself.
        let phrase = long.then(|| format!("\"{}\"", text.replace('"', "\"\"")));
        Self { like: contains(text), glob: format!("*{}*", either_case(text)), phrase }
    }

    /// As [`Words::anywhere`]; a short text at the beginning of a word, so that the first letters do not find nearly all.
    fn typed(text: &str) -> Self {
        let words = Self::anywhere(text);
        if words.phrase.is_some() {
            return words;
        }
        Self { like: format!("% {}%", literal(text)), glob: format!("* {}*", either_case(text)), ..words }
    }
}

/// The part of a pattern for GLOB that finds the text in either case, its own wildcards taken literally: SQLite's LIKE
/// and LOWER know the case of ASCII letters alone.
fn either_case(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        let lower = single(c.to_lowercase()).unwrap_or(c);
        let upper = single(lower.to_uppercase()).filter(|upper| single(upper.to_lowercase()) == Some(lower));
        let mut cases = vec![lower];
        cases.extend(upper.into_iter().chain([c]).filter(|other| *other != lower));
        cases.dedup();
        if cases.len() > 1 || matches!(c, '*' | '?' | '[') {
            pattern.push('[');
            pattern.extend(cases);
            pattern.push(']');
        } else {
            pattern.push(c);
        }
    }
    pattern
}

/// The only character, where there is just one.
fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    chars.next().filter(|_| chars.next().is_none())
}

/// $6 the pattern, $7 whose as a JSON list, $8 how many. Only the table of words is sorted and cut off, so that it does
/// not matter how many there are.
macro_rules! beginning {
    ($begins:literal, $owners:literal, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT s.company_id, s.words FROM company_search s
                                               WHERE s.words ",
            $begins,
            " AND ($5 OR s.owner ",
            $owners,
            ")
                                               ORDER BY ",
            $order,
            ", s.company_id LIMIT $8) s
                 JOIN companies c ON c.id = s.company_id WHERE ",
            visible!(),
            " ORDER BY ",
            $order,
            ", c.id"
        )
    };
}

/// $9 how many are looked at, $10 how the name begins.
macro_rules! within {
    ($words:literal, $owners:literal, $begins:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT s.company_id FROM company_search s
                                               WHERE ",
            $words,
            " AND ($5 OR s.owner ",
            $owners,
            ") LIMIT $9) s
                 JOIN companies c ON c.id = s.company_id WHERE ",
            visible!(),
            " ORDER BY CASE WHEN ",
            $begins,
            " THEN 0 ELSE 1 END, c.name, c.id LIMIT $8"
        )
    };
}

sql! {
    /// The symbol stands first among the words, and a blank before every other character: the exact symbol comes first.
    BEGINNING {
        pg: beginning!("LIKE LOWER($6)", "= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($7::jsonb) AS uuid)))",
                       "s.words USING ~<~"),
        lite: beginning!("GLOB $6", "IN (SELECT unhex(value) FROM json_each($7))", "s.words")
    };
    WITHIN {
        pg: within!("s.words LIKE LOWER($6)",
                    "= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($7::jsonb) AS uuid)))", "LOWER(c.name) LIKE LOWER($10)"),
        lite: within!("s.id IN (SELECT rowid FROM company_search_fts WHERE company_search_fts MATCH $6)",
                      "IN (SELECT unhex(value) FROM json_each($7))", "c.name GLOB $10")
    };
    WITHIN_SHORT {
        pg: within!("s.words LIKE LOWER($6)",
                    "= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($7::jsonb) AS uuid)))", "LOWER(c.name) LIKE LOWER($10)"),
        lite: within!("s.words GLOB $6", "IN (SELECT unhex(value) FROM json_each($7))", "c.name GLOB $10")
    };
    OF_TENANT = "SELECT o.id FROM organizations o WHERE o.tenant_id = $1";
}

/// Whose words are searched, as a JSON list.
pub(super) async fn owners(tx: &mut Tx, sight: Sight) -> Result<String> {
    let mut owners: Vec<Uuid> = sight.user.into_iter().chain(sight.organization).collect();
    owners.extend(sight.system.then_some(Uuid::nil()));
    if let Some(tenant) = sight.tenant {
        let of_tenant: Vec<Uuid> =
            on!(tx, OF_TENANT, |c, sql| sqlx::query_scalar(sql).bind(tenant).fetch_all(c).await)?;
        owners.extend(of_tenant);
    }
    Ok(json_ids(owners))
}

/// Up to `most` companies for who types: the exact symbol, symbols that begin so, names that begin so, and others that
/// have the text somewhere. Of the latter `looked_at` are looked at.
pub(crate) async fn typed(
    tx: &mut Tx,
    sight: Sight,
    text: &str,
    most: i64,
    looked_at: i64,
) -> Result<Vec<CompanyRow>> {
    let owners = owners(tx, sight).await?;
    let begins = match tx.engine() {
        Engine::Postgres => format!("{}%", literal(text)),
        Engine::Sqlite => format!("{}*", either_case(text)),
    };
    let mut hits: Vec<CompanyRow> = on!(tx, BEGINNING, |c, sql| {
        sighted!(sqlx::query_as(sql), sight).bind(&begins).bind(&owners).bind(most).fetch_all(c).await
    })?;
    if hits.len() < usize::try_from(most).unwrap_or(usize::MAX) {
        let words = Words::typed(text);
        let (pattern, short) = super::list::pattern(tx.engine(), &words);
        let others: Vec<CompanyRow> = on!(tx, if short { WITHIN_SHORT } else { WITHIN }, |c, sql| {
            let query = sighted!(sqlx::query_as(sql), sight).bind(pattern).bind(&owners);
            query.bind(most).bind(looked_at).bind(&begins).fetch_all(c).await
        })?;
        let fresh: Vec<_> = others.into_iter().filter(|o| hits.iter().all(|h| h.id != o.id)).collect();
        hits.extend(fresh);
        hits.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    }
    Ok(hits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_types_means_nothing_but_itself() {
        let words = Words::anywhere("a\"b OR %_");
        assert_eq!(words.phrase.as_deref(), Some("\"a\"\"b OR %_\""));
        assert_eq!(words.like, "%a\"b OR \\%\\_%");
        assert_eq!(Words::anywhere("[1]*?-^").glob, "*[[]1][*][?]-^*");
        assert_eq!(Words::anywhere("éa").phrase, None);
        assert_eq!(
            (Words::typed("ab").like, Words::typed("ab").glob),
            ("% ab%".to_owned(), "* [aA][bB]*".to_owned())
        );
        assert_eq!(Words::typed("abc"), Words::anywhere("abc"));
    }

    #[test]
    fn every_letter_is_found_in_either_case() {
        for (text, pattern) in [
            ("é", "[éÉ]"),
            ("É", "[éÉ]"),
            ("ю", "[юЮ]"),
            ("ß", "ß"),
            ("ẞ", "[ßẞ]"),
            ("ς", "ς"),
            ("中1", "中1"),
            ("ǅ", "[ǆǄǅ]"),
        ] {
            assert_eq!(either_case(text), pattern, "{text}");
        }
    }
}
