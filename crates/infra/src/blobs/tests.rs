//! What holds of both stores; what only a bucket has is in `bucket`.

mod bucket;
mod fake;

use accunode_domain::Error;
use futures_util::stream;
use tempfile::TempDir;

use super::*;
use fake::Fake;

/// A store, and what can be seen of it from outside.
struct Place {
    blobs: Blobs,
    inside: Inside,
}

enum Inside {
    Folder(TempDir),
    Bucket(Fake),
}

impl Place {
    fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path().join("new/folder")).unwrap();
        Self { blobs, inside: Inside::Folder(folder) }
    }

    async fn both() -> [Self; 2] {
        let (fake, blobs) = Fake::start().await;
        [Self::folder(), Self { blobs, inside: Inside::Bucket(fake) }]
    }

    /// The names of all that is kept, also of what is not finished.
    fn names(&self) -> Vec<String> {
        match &self.inside {
            Inside::Folder(folder) => files_in(folder.path()),
            Inside::Bucket(fake) => fake.keys(),
        }
    }
}

#[test]
fn no_room_is_told_from_other_failures() {
    use std::io::ErrorKind;
    let said = |kind: ErrorKind| {
        let source = std::io::Error::new(kind, "/a/path/that/nobody/needs/to/know");
        Error::from(failed(
            "k",
            object_store::Error::Generic { store: "LocalFileSystem", source: source.into() },
        ))
    };
    for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
        let error = said(kind);
        assert!(
            matches!(&error, Error::Unavailable(text) if text.contains("no room") && !text.contains('/')),
            "{error}"
        );
    }
    assert!(matches!(said(ErrorKind::PermissionDenied), Error::Internal(_)));
}

fn chunks(parts: &[&'static [u8]]) -> impl Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    stream::iter(parts.iter().map(|p| Ok(Bytes::from_static(p))).collect::<Vec<_>>())
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            names.extend(files_in(&entry.path()));
        } else {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names
}

async fn read(blobs: &Blobs, key: &str) -> Vec<u8> {
    let parts: Vec<Bytes> = blobs.get(key).await.unwrap().try_collect().await.unwrap();
    parts.concat()
}

#[tokio::test]
async fn written_read_replaced_and_removed() {
    for Place { blobs, inside: _inside } in Place::both().await {
        let stored = blobs.put("uploads/2026/a.csv", chunks(&[b"ab", b"", b"c"]), 3).await.unwrap();
        // The SHA-256 of "abc" as FIPS 180-2 gives it.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(stored, Stored { size: 3, sha256: expected.into() });
        assert_eq!(read(&blobs, "uploads/2026/a.csv").await, b"abc");
        let file = blobs.open_local("uploads/2026/a.csv").await.unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"abc");
        blobs.put("uploads/2026/a.csv", chunks(&[]), 3).await.unwrap();
        assert_eq!(read(&blobs, "uploads/2026/a.csv").await, b"");
        blobs.delete("uploads/2026/a.csv").await.unwrap();
        blobs.delete("uploads/2026/a.csv").await.unwrap();
        assert!(matches!(blobs.get("uploads/2026/a.csv").await.err(), Some(BlobError::NotFound(_))));
        assert!(matches!(blobs.open_local("uploads/2026/a.csv").await, Err(BlobError::NotFound(_))));
    }
}

#[tokio::test]
async fn ranges_are_read_and_files_listed() {
    for Place { blobs, inside: _inside } in Place::both().await {
        assert_eq!(blobs.list("uploads").unwrap().try_collect::<Vec<_>>().await.unwrap(), []);
        blobs.put("uploads/a.csv", chunks(&[b"abcdef"]), 10).await.unwrap();
        blobs.put("models/b.zip", chunks(&[b"x"]), 10).await.unwrap();
        assert_eq!(&blobs.get_range("uploads/a.csv", 2..5).await.unwrap()[..], b"cde");
        assert!(matches!(blobs.get_range("uploads/a.csv", 4..9).await, Err(BlobError::Storage(_))));
        assert!(matches!(blobs.get_range("uploads/b.csv", 0..1).await, Err(BlobError::NotFound(_))));
        let listed: Vec<Listed> = blobs.list("uploads").unwrap().try_collect().await.unwrap();
        assert_eq!(
            listed.iter().map(|f| (f.key.as_str(), f.size)).collect::<Vec<_>>(),
            [("uploads/a.csv", 6)]
        );
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_removed_once_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    assert_eq!(blobs.remove_unfinished("uploads", SystemTime::now()).await.unwrap(), 0);
    blobs.put("uploads/a.csv", chunks(&[b"abc"]), 3).await.unwrap();
    // As object_store stages a file; it is not listed.
    std::fs::write(folder.path().join("uploads/b.csv#1"), b"ab").unwrap();
    let listed: Vec<_> = blobs.list("uploads").unwrap().try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    let hour = std::time::Duration::from_secs(3_600);
    let (young, old) = (SystemTime::now() - hour, SystemTime::now() + hour);
    assert_eq!(blobs.remove_unfinished("uploads", young).await.unwrap(), 0);
    assert_eq!(blobs.remove_unfinished("uploads", old).await.unwrap(), 1);
    assert_eq!(files_in(folder.path()), ["a.csv"]);
}

#[tokio::test]
async fn many_parts_arrive_in_order() {
    for Place { blobs, inside: _inside } in Place::both().await {
        let data: Vec<u8> = (0..12_000_000_u32).map(|i| (i % 251) as u8).collect();
        let parts: Vec<Result<Bytes, std::io::Error>> =
            data.chunks(70_001).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        let stored = blobs.put("big", stream::iter(parts), 12_000_000).await.unwrap();
        assert_eq!(stored.size, 12_000_000);
        assert!(read(&blobs, "big").await == data);
    }
}

#[tokio::test]
async fn nothing_stays_of_what_is_too_large_or_broken_off() {
    for place in Place::both().await {
        let blobs = &place.blobs;
        let error = blobs.put("a", chunks(&[b"ab", b"cd"]), 3).await.unwrap_err();
        assert!(matches!(error, BlobError::TooLarge { limit: 3 }), "{error}");
        assert!(matches!(Error::from(error), Error::TooLarge(_)));
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(std::io::Error::other("reset"))]);
        let error = blobs.put("a", broken, 3).await.unwrap_err();
        assert!(matches!(Error::from(error), Error::BadRequest(_)));
        assert_eq!(place.names(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn readers_see_the_old_file_until_the_new_one_is_whole() {
    for Place { blobs, inside: _inside } in Place::both().await {
        blobs.put("a", chunks(&[b"old"]), 10).await.unwrap();
        let observed = blobs.clone();
        let slow = stream::iter(0..3).then(move |_| {
            let observed = observed.clone();
            async move {
                assert_eq!(read(&observed, "a").await, b"old");
                Ok::<_, std::io::Error>(Bytes::from(vec![b'n'; LOCAL.part]))
            }
        });
        blobs.put("a", slow, 10 * LOCAL.part as u64).await.unwrap();
        assert_eq!(read(&blobs, "a").await.len(), 3 * LOCAL.part);
    }
}

#[tokio::test]
async fn keys_that_could_leave_their_place_are_refused() {
    for Place { blobs, inside: _inside } in Place::both().await {
        let long = "x".repeat(501);
        for key in
            ["", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "a b", "a\\b", "a%2e", "ä", "a#1", &long]
        {
            let error = blobs.put(key, chunks(&[b"x"]), 10).await.unwrap_err();
            assert!(matches!(error, BlobError::Key(_)), "{key}: {error}");
        }
    }
}
