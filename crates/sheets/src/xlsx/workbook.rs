//! What must be known before the first sheet can be read: where it is, the shared texts, and which styles
//! show a number as a date or a percentage.

use std::{
    collections::HashMap,
    io::{Read, Seek},
};

use super::{
    package::Package,
    styles::{Look, look_of_code, look_of_id},
    xml::{Xml, attribute, unescape},
};
use crate::{FileError, Limits};

/// Most bytes of a part that describes the workbook, unpacked.
const MAX_SMALL_PART: u64 = 16 << 20;
/// Most bytes of the table of texts and of the styles, unpacked: they are held in memory.
const MAX_TABLE_PART: u64 = 128 << 20;

/// The workbook around the first sheet.
pub(crate) struct Workbook {
    /// Name of the first sheet's part.
    pub(crate) sheet: String,
    pub(crate) texts: Texts,
    /// How numbers look, by the cell's style.
    pub(crate) looks: Vec<Look>,
    /// Whether days are counted from 1904.
    pub(crate) from_1904: bool,
}

/// The shared texts, in one piece of memory.
#[derive(Default)]
pub(crate) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(crate) fn get(&self, i: usize) -> Option<&str> {
        let end = *self.ends.get(i)? as usize;
        let start = i.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |e| *e as usize);
        self.all.get(start..end)
    }
}

impl Workbook {
    pub(crate) fn read<R: Read + Seek>(package: &mut Package<R>, limits: &Limits) -> Result<Self, FileError> {
        let main = main_part(package, limits)?;
        let (sheet_id, from_1904) = first_sheet(package, &main, limits)?;
        let related = relationships(package, &main, limits)?;
        let (kind, sheet) = related
            .get(&sheet_id)
            .ok_or_else(|| FileError::damaged("the workbook does not say where its first sheet is"))?;
        if !kind.ends_with("/worksheet") {
            let text = "the workbook's first sheet is not a table of cells (a chart, perhaps); move the table to \
                        the front";
            return Err(FileError::Format(text.to_owned()));
        }
        let of_kind =
            |ending: &str| related.values().find(|(kind, _)| kind.ends_with(ending)).map(|(_, p)| p);
        let texts = match of_kind("/sharedStrings") {
            Some(part) if package.has(part) => texts(package, part, limits)?,
            _ => Texts::default(),
        };
        let looks = match of_kind("/styles") {
            Some(part) if package.has(part) => looks(package, part, limits)?,
            _ => Vec::new(),
        };
        Ok(Self { sheet: sheet.clone(), texts, looks, from_1904 })
    }
}

type Xmls<'a, R> = Xml<&'a mut R>;

fn open<'a, R: Read + Seek>(
    package: &'a mut Package<R>,
    part: &str,
    max_size: u64,
    limits: &Limits,
) -> Result<Xmls<'a, R>, FileError> {
    Ok(Xml::new(package.part(part, max_size)?, limits.max_cell_bytes))
}

/// The part that the package names as its document.
fn main_part<R: Read + Seek>(package: &mut Package<R>, limits: &Limits) -> Result<String, FileError> {
    const USUAL: &str = "xl/workbook.xml";
    let related =
        if package.has("_rels/.rels") { relationships(package, "", limits)? } else { HashMap::new() };
    let mut named = related.into_values().filter(|(kind, _)| kind.ends_with("/officeDocument"));
    let main = named.next().map_or_else(|| USUAL.to_owned(), |(_, part)| part);
    if !package.has(&main) {
        let text = "the file is a zip archive but not an Excel workbook; save it as .xlsx or .csv";
        return Err(FileError::Format(text.to_owned()));
    }
    Ok(main)
}

/// The relationship that leads to the first sheet, and whether days are counted from 1904.
fn first_sheet<R: Read + Seek>(
    package: &mut Package<R>,
    main: &str,
    limits: &Limits,
) -> Result<(String, bool), FileError> {
    let mut xml = open(package, main, MAX_SMALL_PART, limits)?;
    let mut from_1904 = false;
    let mut sheet = None;
    while let Some(element) = xml.start()? {
        match element.local_name().as_ref() {
            "workbookPr" => {
                from_1904 = matches!(attribute(&element, "date1904").as_deref(), Some("1" | "true"));
            }
            "sheet" if sheet.is_none() => sheet = attribute(&element, "id"),
            _ => {}
        }
    }
    let sheet = sheet.ok_or_else(|| FileError::Format("the workbook has no sheet".to_owned()))?;
    Ok((sheet, from_1904))
}

/// Relationships of a part: id → (type, name of the other part). Those to places outside are left out.
fn relationships<R: Read + Seek>(
    package: &mut Package<R>,
    of: &str,
    limits: &Limits,
) -> Result<HashMap<String, (String, String)>, FileError> {
    let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
    let part = resolve(folder, &format!("_rels/{file}.rels"))?;
    let mut xml = open(package, &part, MAX_SMALL_PART, limits)?;
    let mut found = HashMap::new();
    while let Some(element) = xml.start()? {
        if element.local_name().as_ref() != "Relationship"
            || attribute(&element, "TargetMode").as_deref() == Some("External")
        {
            continue;
        }
        if let (Some(id), Some(kind), Some(target)) =
            (attribute(&element, "Id"), attribute(&element, "Type"), attribute(&element, "Target"))
        {
            found.insert(id, (kind, resolve(folder, &target)?));
        }
    }
    Ok(found)
}

/// The part that `target` means when a part in `folder` says it.
fn resolve(folder: &str, target: &str) -> Result<String, FileError> {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        if step == ".." {
            steps
                .pop()
                .filter(|step| !step.is_empty())
                .ok_or_else(|| FileError::damaged(format!("'{target}' leads out of the workbook")))?;
        } else if step != "." {
            steps.push(step);
        }
    }
    steps.retain(|step| !step.is_empty());
    Ok(steps.join("/"))
}

fn texts<R: Read + Seek>(package: &mut Package<R>, part: &str, limits: &Limits) -> Result<Texts, FileError> {
    let mut xml = open(package, part, MAX_TABLE_PART, limits)?;
    let mut texts = Texts::default();
    let mut text = String::new();
    while let Some(element) = xml.start()? {
        if element.local_name().as_ref() == "si" {
            text.clear();
            xml.text("si", false, &mut text)?;
            unescape(&mut text);
            texts.all.push_str(&text);
            // The part is bounded far below 4 GiB.
            texts.ends.push(u32::try_from(texts.all.len()).unwrap_or(u32::MAX));
        }
    }
    Ok(texts)
}

fn looks<R: Read + Seek>(
    package: &mut Package<R>,
    part: &str,
    limits: &Limits,
) -> Result<Vec<Look>, FileError> {
    let mut xml = open(package, part, MAX_TABLE_PART, limits)?;
    let mut own = HashMap::new();
    let mut looks = Vec::new();
    let mut in_cell_styles = false;
    while let Some(element) = xml.start()? {
        let id = || attribute(&element, "numFmtId").and_then(|id| id.parse::<u32>().ok());
        match element.local_name().as_ref() {
            "numFmt" => {
                if let (Some(id), Some(code)) = (id(), attribute(&element, "formatCode")) {
                    own.insert(id, look_of_code(&code));
                }
            }
            "cellXfs" => in_cell_styles = true,
            "cellStyleXfs" | "cellStyles" | "dxfs" => in_cell_styles = false,
            "xf" if in_cell_styles => {
                let id = id().unwrap_or_default();
                looks.push(own.get(&id).copied().unwrap_or_else(|| look_of_id(id)));
            }
            _ => {}
        }
    }
    Ok(looks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_inside() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml").unwrap(), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/worksheets/sheet1.xml").unwrap(), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "../a.xml").unwrap(), "a.xml");
        assert_eq!(resolve("", "xl\\workbook.xml").unwrap(), "xl/workbook.xml");
        for bad in ["../../etc/passwd", "/../a", "a/../../../b"] {
            assert!(
                resolve("xl", bad).unwrap_err().to_string().contains("leads out of the workbook"),
                "{bad}"
            );
        }
    }
}
