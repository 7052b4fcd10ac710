//! One part of an XLSX package, unpacked as it is read.
//!
//! The sizes that the package declares are checked when it is opened, and a part never yields more than it
//! declares: so no part unpacks to more than the limits allow, whatever its bytes say.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Take};

use flate2::{Crc, bufread::DeflateDecoder};

use crate::FileError;

const BUFFER: usize = 64 << 10;

/// Where a part lies in the file and what it declares about itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) start: u64,
    pub(crate) packed: u64,
    pub(crate) size: u64,
    pub(crate) crc: u32,
    pub(crate) deflated: bool,
}

enum Source<R> {
    Stored(Take<R>),
    Deflated(DeflateDecoder<BufReader<Take<R>>>),
}

/// The unpacked bytes of one part; its size and checksum are compared at its end.
pub(crate) struct Part<R> {
    source: Source<R>,
    entry: Entry,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    produced: u64,
    crc: Crc,
    max_piece: usize,
    since_piece: usize,
    failure: Option<FileError>,
}

impl<R: Read + Seek> Part<R> {
    pub(crate) fn open(mut input: R, entry: Entry, max_piece: usize) -> Result<Self, FileError> {
        input.seek(SeekFrom::Start(entry.start))?;
        let packed = input.take(entry.packed);
        let source = if entry.deflated {
            Source::Deflated(DeflateDecoder::new(BufReader::with_capacity(BUFFER, packed)))
        } else {
            Source::Stored(packed)
        };
        Ok(Self {
            source,
            entry,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            at: 0,
            end: 0,
            produced: 0,
            crc: Crc::new(),
            max_piece,
            since_piece: 0,
            failure: None,
        })
    }

    /// A new piece (an XML event) begins: each may take so many bytes.
    pub(crate) fn begin_piece(&mut self) {
        self.since_piece = 0;
    }

    /// Why reading stopped, if it was not the operating system's fault.
    pub(crate) fn take_failure(&mut self) -> Option<FileError> {
        self.failure.take()
    }

    fn refuse(&mut self, failure: FileError) -> io::Error {
        self.failure = Some(failure);
        io::Error::other("refused")
    }

    fn unpack(&mut self) -> io::Result<()> {
        let read = match &mut self.source {
            Source::Stored(source) => source.read(&mut self.buffer),
            Source::Deflated(source) => source.read(&mut self.buffer),
        };
        let read = match read {
            Ok(read) => read,
            Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                return Err(self.refuse(FileError::damaged("a packed part cannot be unpacked")));
            }
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(self.refuse(FileError::damaged("a packed part ends too early")));
            }
            Err(e) => return Err(e),
        };
        (self.at, self.end) = (0, read);
        self.produced += read as u64;
        self.crc.update(self.buffer.get(..read).unwrap_or_default());
        if self.produced > self.entry.size {
            let text = format!("a part unpacks to more than the {} bytes that it declares", self.entry.size);
            return Err(self.refuse(FileError::Damaged(text)));
        }
        if read == 0 && (self.produced != self.entry.size || self.crc.sum() != self.entry.crc) {
            return Err(self.refuse(FileError::damaged("a part's size or checksum is not what it declares")));
        }
        Ok(())
    }
}

impl<R: Read + Seek> Read for Part<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(to)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read + Seek> BufRead for Part<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.since_piece > self.max_piece {
            let text = format!("a cell or tag is longer than {} bytes", self.max_piece);
            return Err(self.refuse(FileError::TooLarge(text)));
        }
        if self.at >= self.end {
            self.unpack()?;
        }
        Ok(self.buffer.get(self.at..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
        self.since_piece += amount;
    }
}
