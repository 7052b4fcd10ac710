//! Reading `key=value` lines and lists of numbers, with line numbers for errors.

use std::str::FromStr;

use super::ParseError;

pub(super) type Result<T> = std::result::Result<T, ParseError>;

/// Shorthand for a refusal.
pub(super) fn refuse<T>(line: usize, reason: impl Into<String>) -> Result<T> {
    Err(ParseError::new(line, reason))
}

/// The lines of a text with their numbers; the next one can be looked at without taking it.
pub(super) struct Lines<'a> {
    rest: std::iter::Peekable<std::iter::Enumerate<std::str::Lines<'a>>>,
    last: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.lines().enumerate().peekable(), last: 0 }
    }

    /// The next line without its surrounding blanks and its number.
    pub(super) fn next(&mut self) -> Option<(usize, &'a str)> {
        let (index, line) = self.rest.next()?;
        self.last = index + 1;
        Some((self.last, line.trim()))
    }

    pub(super) fn peek(&mut self) -> Option<&'a str> {
        self.rest.peek().map(|(_, line)| line.trim())
    }

    /// Where something was expected that is not there: the line after the last one taken.
    pub(super) fn here(&self) -> usize {
        self.last + 1
    }

    pub(super) fn skip_blank(&mut self) {
        while self.peek() == Some("") {
            self.next();
        }
    }
}

/// The entries of one block, in order, each key at most once and only known ones.
pub(super) struct Entries<'a> {
    /// The line where the block starts, for what is missing in it.
    pub(super) start: usize,
    entries: Vec<(&'a str, usize, &'a str)>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(start: usize) -> Self {
        Self { start, entries: Vec::new() }
    }

    /// Takes `key=value`, or a bare `key`, which gets an empty value.
    pub(super) fn add(&mut self, line: usize, text: &'a str, known: &[&str]) -> Result<()> {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if !known.contains(&key) {
            return refuse(line, format!("unknown entry \"{}\"", short(key)));
        }
        if self.find(key).is_some() {
            return refuse(line, format!("second entry \"{key}\""));
        }
        self.entries.push((key, line, value));
        Ok(())
    }

    pub(super) fn find(&self, key: &str) -> Option<(usize, &'a str)> {
        self.entries.iter().find(|entry| entry.0 == key).map(|&(_, line, value)| (line, value))
    }

    pub(super) fn need(&self, key: &str) -> Result<(usize, &'a str)> {
        match self.find(key) {
            Some(found) => Ok(found),
            None => refuse(self.start, format!("entry \"{key}\" is missing")),
        }
    }

    /// One number.
    pub(super) fn number<T: FromStr>(&self, key: &str) -> Result<T> {
        let (line, value) = self.need(key)?;
        number(line, key, value)
    }

    /// Exactly `count` numbers.
    pub(super) fn list<T: FromStr>(&self, key: &str, count: usize) -> Result<Vec<T>> {
        let (line, value) = self.need(key)?;
        let list = value.split_ascii_whitespace().map(|token| number(line, key, token));
        let list = list.collect::<Result<Vec<T>>>()?;
        if list.len() != count {
            return refuse(line, format!("\"{key}\" has {} values, expected {count}", list.len()));
        }
        Ok(list)
    }

    /// A list that may be absent or empty.
    pub(super) fn optional_list<T: FromStr>(&self, key: &str, count: usize) -> Result<Option<Vec<T>>> {
        match self.find(key) {
            Some((_, value)) if !value.trim().is_empty() => self.list(key, count).map(Some),
            _ => Ok(None),
        }
    }
}

fn number<T: FromStr>(line: usize, key: &str, token: &str) -> Result<T> {
    token.trim().parse().or_else(|_| refuse(line, format!("\"{key}\": \"{}\" is not a number", short(token))))
}

/// The start of a text that may be very long, for an error.
pub(super) fn short(text: &str) -> String {
    let mut start: String = text.chars().take(40).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
