//! A file on its way into the store.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutPayloadMut, Result, WriteMultipart, path::Path as Key,
};

/// How a store likes to be written to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Bytes handed over at once. With two parts on their way and one being gathered this bounds an upload's memory.
    pub(super) part: usize,
    /// Whether each part is a request to somebody else: then a file of less than one goes as a whole, and parts that
    /// nobody takes up again have to be thrown away by another one.
    pub(super) remote: bool,
}

/// A file being written: nobody sees it until it is finished. Dropped before that, it is thrown away.
pub(super) struct Writing {
    store: Arc<dyn ObjectStore>,
    path: Key,
    manner: Manner,
    /// What came before the first part was full.
    held: PutPayloadMut,
    parts: Option<WriteMultipart>,
}

impl Writing {
    pub(super) async fn begin(store: Arc<dyn ObjectStore>, path: Key, manner: Manner) -> Result<Self> {
        let mut writing = Self { store, path, manner, held: PutPayloadMut::new(), parts: None };
        if !manner.remote {
            writing.parts().await?;
        }
        Ok(writing)
    }

    async fn parts(&mut self) -> Result<&mut WriteMultipart> {
        let parts = match self.parts.take() {
            Some(parts) => parts,
            None => {
                let upload = self.store.put_multipart(&self.path).await?;
                let mut parts = WriteMultipart::new_with_chunk_size(upload, self.manner.part);
                for bytes in std::mem::take(&mut self.held).freeze() {
                    parts.put(bytes);
                }
                parts
            }
        };
        Ok(self.parts.insert(parts))
    }

    /// Takes the next bytes once there is room for them.
    pub(super) async fn put(&mut self, bytes: Bytes) -> Result<()> {
        if self.parts.is_none() && self.held.content_length() + bytes.len() < self.manner.part {
            self.held.push(bytes);
            return Ok(());
        }
        let parts = self.parts().await?;
        parts.wait_for_capacity(2).await?;
        parts.put(bytes);
        Ok(())
    }

    /// Makes it the file of its key.
    pub(super) async fn finish(mut self) -> Result<()> {
        match self.parts.take() {
            // In a task of its own: whoever waits may go away, and half of this is neither a file nor none.
            Some(parts) if self.manner.remote => {
                tokio::spawn(parts.finish())
                    .await
                    .map_err(|source| object_store::Error::JoinError { source })??;
            }
            Some(parts) => drop(parts.finish().await?),
            None => {
                let whole = std::mem::take(&mut self.held).freeze();
                self.store.put(&self.path, whole).await?;
            }
        }
        Ok(())
    }

    /// Throws it away.
    pub(super) async fn abort(mut self) {
        if let Some(parts) = self.parts.take() {
            throw_away(parts, self.manner).await;
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // A local file's parts clean up after themselves.
        if let (true, Some(parts)) = (self.manner.remote, self.parts.take())
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(throw_away(parts, self.manner));
        }
    }
}

/// What was wrong with the upload matters more than what is wrong with throwing it away.
async fn throw_away(parts: WriteMultipart, manner: Manner) {
    if let Err(error) = parts.abort().await {
        let error = if manner.remote { super::s3::told(&error) } else { error.to_string() };
        tracing::warn!(error, "an unfinished file could not be removed");
    }
}
