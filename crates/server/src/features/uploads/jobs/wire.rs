//! Bytes between code that waits and code that blocks.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::mpsc;

/// What a thread reads while it is received elsewhere. The end of the sender is the end of the file.
pub(in crate::features::uploads) struct Received {
    chunks: mpsc::Receiver<Bytes>,
    open: Bytes,
}

impl Received {
    pub(in crate::features::uploads) const fn new(chunks: mpsc::Receiver<Bytes>) -> Self {
        Self { chunks, open: Bytes::new() }
    }
}

impl Read for Received {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.open.is_empty() {
            match self.chunks.blocking_recv() {
                Some(bytes) => self.open = bytes,
                None => return Ok(0),
            }
        }
        let read = self.open.len().min(buffer.len());
        self.open.copy_to_slice(buffer.get_mut(..read).unwrap_or_default());
        Ok(read)
    }
}

/// Bytes that are sent on at once.
const PORTION: usize = 256 << 10;

/// What a thread writes while it is stored elsewhere. Nobody knows that it is complete before [`Sent::finish`].
pub(in crate::features::uploads) struct Sent {
    chunks: mpsc::Sender<io::Result<Bytes>>,
    open: BytesMut,
    whole: bool,
}

impl Sent {
    pub(in crate::features::uploads) fn new(chunks: mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self { chunks, open: BytesMut::with_capacity(PORTION), whole: false }
    }

    /// Sends the rest; the end is an end.
    pub(in crate::features::uploads) fn finish(mut self) -> io::Result<()> {
        self.send()?;
        self.whole = true;
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        let bytes = self.open.split().freeze();
        if bytes.is_empty() {
            return Ok(());
        }
        self.chunks.blocking_send(Ok(bytes)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open.extend_from_slice(bytes);
        if self.open.len() >= PORTION {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.whole {
            // Whoever stores it must not take a part for the whole; if nobody does any more, that is well, too.
            let _ = self.chunks.blocking_send(Err(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}
