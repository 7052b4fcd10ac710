//! Which kind of file this is: by its name, checked against its first bytes.

use crate::FileError;

/// A kind of file that can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values, UTF-8.
    Csv,
    /// Excel workbook (Office Open XML); the first sheet counts.
    Xlsx,
}

/// How many of the first bytes [`Format::check`] wants to see.
pub(crate) const HEAD: usize = 512;

impl Format {
    /// The format that a file's name claims by its ending, in upper or lower case.
    ///
    /// # Errors
    /// [`FileError::Format`], saying what to do, for `.xls` and every other ending.
    pub fn from_name(name: &str) -> Result<Self, FileError> {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            Some("xls") => Err(FileError::Format(LEGACY.to_owned())),
            Some("xlsm" | "xlsb" | "ods") => Err(FileError::Format(format!(
                "'{}' files are not supported; save the file as .xlsx or .csv",
                ending.unwrap_or_default()
            ))),
            _ => Err(FileError::Format(
                "the file's name must end with .csv or .xlsx, so that its format is known".to_owned(),
            )),
        }
    }

    /// Checks the first bytes of a file (up to 512) against the format that its name claims.
    ///
    /// # Errors
    /// [`FileError::Format`] when the contents are of another kind, [`FileError::Empty`] without any bytes.
    pub fn check(self, head: &[u8]) -> Result<(), FileError> {
        let zip = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
        let refused = |text: &str| Err(FileError::Format(text.to_owned()));
        if head.is_empty() {
            return Err(FileError::Empty);
        }
        if head.starts_with(&OLE2) {
            return refused(if self == Self::Xlsx { LEGACY_OR_LOCKED } else { LEGACY });
        }
        match self {
            Self::Xlsx if zip => Ok(()),
            Self::Xlsx => refused(
                "the file's name ends with .xlsx but it is not an Excel workbook; if it is a text file, \
                 name it .csv",
            ),
            Self::Csv if zip => refused(
                "the file's name ends with .csv but it is a zip archive, as an Excel workbook is; name it \
                 .xlsx, or save it as CSV UTF-8",
            ),
            Self::Csv if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") => refused(UTF16),
            Self::Csv if head.contains(&0) => refused(BINARY),
            Self::Csv => Ok(()),
        }
    }
}

const OLE2: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
const LEGACY: &str = "old Excel files (.xls) are not supported; save the file as .xlsx or .csv";
const LEGACY_OR_LOCKED: &str = "the file is an old Excel file (.xls) or protected by a password; save it as \
                                .xlsx without a password, or as .csv";
const UTF16: &str = "the file is UTF-16 text; save it as 'CSV UTF-8' or as .xlsx";
pub(crate) const BINARY: &str =
    "the file holds zero bytes: it is not UTF-8 text; save it as 'CSV UTF-8' or as .xlsx";

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(result: Result<impl std::fmt::Debug, FileError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn the_ending_decides_in_any_case() {
        assert_eq!(Format::from_name("a.b/Portfolio.CSV").unwrap(), Format::Csv);
        assert_eq!(Format::from_name("portfolio.XlsX").unwrap(), Format::Xlsx);
        assert!(refusal(Format::from_name("old.XLS")).contains("save the file as .xlsx or .csv"));
        assert!(refusal(Format::from_name("macro.xlsm")).contains("'xlsm' files are not supported"));
        for name in ["", "csv", "portfolio", "portfolio.csv.gz", "portfolio.pdf"] {
            assert!(refusal(Format::from_name(name)).contains("must end with .csv or .xlsx"), "{name}");
        }
    }

    #[test]
    fn contents_must_be_what_the_name_says() {
        assert!(Format::Csv.check(b"company_symbol,").is_ok());
        assert!(Format::Csv.check("\u{feff}company_symbol,".as_bytes()).is_ok());
        assert!(Format::Xlsx.check(b"PK\x03\x04rest").is_ok());
        assert!(refusal(Format::Csv.check(b"PK\x03\x04rest")).contains("name it .xlsx"));
        assert!(refusal(Format::Xlsx.check(b"company_symbol,")).contains("name it .csv"));
        assert!(refusal(Format::Csv.check(&OLE2)).contains(".xls"));
        assert!(refusal(Format::Xlsx.check(&OLE2)).contains("password"));
        assert!(refusal(Format::Csv.check(b"\xff\xfec\0o\0")).contains("UTF-16"));
        assert!(refusal(Format::Csv.check(b"c\0o\0m\0")).contains("zero bytes"));
        assert!(matches!(Format::Csv.check(b""), Err(FileError::Empty)));
    }
}
