//! XML events of one part, bounded in depth and length.

use std::io::{Read, Seek};

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};

use super::part::Part;
use crate::FileError;

/// Deeper than any workbook nests its elements.
const MAX_DEPTH: u32 = 64;

pub(crate) struct Xml<R> {
    reader: Reader<Part<R>>,
    buffer: Vec<u8>,
    depth: u32,
    max_text: usize,
}

impl<R: Read + Seek> Xml<R> {
    /// `max_text` is the most bytes of one collected text.
    pub(crate) fn new(part: Part<R>, max_text: usize) -> Self {
        let mut reader = Reader::from_reader(part);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, max_text }
    }

    /// The next event; an empty element comes as a start and an end.
    pub(crate) fn event(&mut self) -> Result<Event<'_>, FileError> {
        self.buffer.clear();
        self.reader.get_mut().begin_piece();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(e) => {
                let at = self.reader.error_position();
                return Err(match (self.reader.get_mut().take_failure(), e) {
                    (Some(failure), _) => failure,
                    (None, quick_xml::Error::Io(e)) => FileError::Io(std::io::Error::new(e.kind(), e)),
                    (None, e) => FileError::damaged(format!("its XML at byte {at}: {e}")),
                });
            }
        };
        match event {
            Event::Start(_) if self.depth >= MAX_DEPTH => {
                return Err(FileError::damaged(format!("its XML is nested more than {MAX_DEPTH} deep")));
            }
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => return Err(FileError::damaged("its XML has a document type")),
            _ => {}
        }
        Ok(event)
    }

    /// The next element's start; none at the end of the part.
    pub(crate) fn start(&mut self) -> Result<Option<BytesStart<'static>>, FileError> {
        loop {
            match self.event()? {
                Event::Start(e) => return Ok(Some(e.into_owned())),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Reads to the end of the element just started (`end`) and appends the texts of its `<t>` elements, phonetic
    /// hints left out, and of its `<v>` element if `with_value`.
    pub(crate) fn text(&mut self, end: &str, with_value: bool, to: &mut String) -> Result<(), FileError> {
        let mut wanted = false;
        let mut phonetic = false;
        let most = to.len() + self.max_text;
        loop {
            let event = self.event()?;
            match &event {
                Event::Start(e) => match e.local_name().as_ref() {
                    "t" => wanted = !phonetic,
                    "v" => wanted = with_value,
                    "rPh" => phonetic = true,
                    _ => {}
                },
                Event::End(e) => match e.local_name().as_ref() {
                    "t" | "v" => wanted = false,
                    "rPh" => phonetic = false,
                    name if name == end => return Ok(()),
                    _ => {}
                },
                Event::Text(text) if wanted => to.push_str(&text.xml10_content()),
                Event::CData(text) if wanted => to.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) if wanted => to.push(character(reference)?),
                Event::Eof => return Err(FileError::damaged(format!("its XML ends inside <{end}>"))),
                _ => {}
            }
            if to.len() > most {
                return Err(FileError::TooLarge(format!(
                    "a cell's text is longer than {} bytes",
                    self.max_text
                )));
            }
        }
    }

    /// Reads whatever follows, so that the part's checksum is verified.
    pub(crate) fn finish(&mut self) -> Result<(), FileError> {
        while !matches!(self.event()?, Event::Eof) {}
        Ok(())
    }
}

/// An attribute's value by its name, without regard to a prefix.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name).map(|a| {
        a.normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_or_else(|_| a.value.to_string(), Into::into)
    })
}

fn character(reference: &BytesRef<'_>) -> Result<char, FileError> {
    let unknown = || FileError::damaged(format!("its XML has the unknown entity &{};", &**reference));
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Ok(c),
        Ok(None) => match &**reference {
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            _ => Err(unknown()),
        },
        Err(_) => Err(unknown()),
    }
}

/// Spreadsheets write characters that XML forbids as `_xHHHH_` (and that pattern itself as `_x005F_xHHHH_`).
pub(crate) fn unescape(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = code.filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        let decoded = code.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        let (before, after) = rest.split_at(at);
        plain.push_str(before);
        match decoded {
            Some(c) => {
                plain.push(c);
                rest = after.get(7..).unwrap_or_default();
            }
            None => {
                plain.push_str("_x");
                rest = after.get(2..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    *text = plain;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_decoded_once() {
        for (written, meant) in [
            ("plain", "plain"),
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00_ _xZZZZ_ _x12345", "_x00_ _xZZZZ_ _x12345"),
            ("_xD800_", "_xD800_"),
            ("_x", "_x"),
            ("é_x0041_é", "éAé"),
        ] {
            let mut text = written.to_owned();
            unescape(&mut text);
            assert_eq!(text, meant, "{written}");
        }
    }
}
