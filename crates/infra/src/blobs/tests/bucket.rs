//! What only a bucket has.

use super::{
    fake::{Fake, SECRET, SESSION, settings},
    *,
};

const FIVE: usize = 5 << 20;

/// As many bytes in chunks of a hundred thousand.
fn many(bytes: usize) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let chunk = Bytes::from(vec![b'x'; 100_000]);
    let sizes = (0..bytes).step_by(chunk.len()).map(move |at| chunk.slice(..(bytes - at).min(chunk.len())));
    stream::iter(sizes.map(Ok))
}

fn kinds(fake: &Fake) -> Vec<String> {
    fake.asked().into_iter().map(|(kind, _)| kind).collect()
}

#[tokio::test]
async fn small_files_go_as_a_whole_and_large_ones_in_parts_all_of_them_signed() {
    let (fake, blobs) = Fake::start().await;
    blobs.put("a", many(FIVE - 1), u64::MAX).await.unwrap();
    assert_eq!(kinds(&fake), ["PUT"]);
    blobs.put("b", many(2 * FIVE + 1), u64::MAX).await.unwrap();
    let asked = fake.asked();
    let mut kinds: Vec<_> = asked.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!((kinds.remove(0), kinds.pop()), ("POST uploads", Some("POST uploadId")));
    assert_eq!(kinds, ["PUT partNumber"; 3]);
    for (kind, headers) in &asked {
        let text = |name: &str| headers[name].to_str().unwrap();
        let signed = text("authorization");
        assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{kind}: {signed}");
        assert!(signed.contains("/eu-west-1/s3/aws4_request, SignedHeaders="), "{kind}: {signed}");
        assert!(!signed.contains(SECRET));
        assert_eq!(text("x-amz-security-token"), SESSION);
    }
    assert_eq!(fake.keys(), ["accunode/live/a", "accunode/live/b"]);
}

#[tokio::test]
async fn parts_of_what_is_not_finished_are_thrown_away() {
    let (fake, blobs) = Fake::start().await;
    let error = blobs.put("a", many(3 * FIVE), 2 * FIVE as u64).await.unwrap_err();
    assert!(matches!(error, BlobError::TooLarge { .. }), "{error}");
    assert_eq!(kinds(&fake).last().unwrap(), "DELETE uploadId");
    let broken = many(2 * FIVE).chain(stream::iter([Err(std::io::Error::other("reset"))]));
    let error = blobs.put("a", broken, u64::MAX).await.unwrap_err();
    assert!(matches!(error, BlobError::Input(_)), "{error}");
    assert_eq!(fake.keys(), Vec::<String>::new());
    assert_eq!(kinds(&fake).last().unwrap(), "DELETE uploadId");
    // Whoever asked for it goes away.
    let stuck = many(2 * FIVE).chain(stream::pending());
    let (copy, at) = (blobs.clone(), fake.clone());
    let under_way = tokio::spawn(async move { copy.put("a", stuck, u64::MAX).await });
    patiently(|| at.unfinished() == 1).await;
    under_way.abort();
    patiently(|| at.unfinished() == 0).await;
    assert_eq!(fake.keys(), Vec::<String>::new());
}

async fn patiently(done: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if done() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it does not come to that");
}

#[tokio::test]
async fn no_more_is_taken_than_three_parts_while_none_is_answered() {
    let (fake, blobs) = Fake::start().await;
    let taken = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = taken.clone();
    let order = std::sync::atomic::Ordering::SeqCst;
    let chunks = many(10 * FIVE).inspect_ok(move |chunk| {
        counted.fetch_add(chunk.len(), order);
    });
    fake.hold_parts();
    let copy = blobs.clone();
    let under_way = tokio::spawn(async move { copy.put("a", chunks, u64::MAX).await });
    patiently(|| taken.load(order) >= 2 * FIVE).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(taken.load(order) <= 3 * FIVE, "{} bytes", taken.load(order));
    under_way.abort();
}

#[tokio::test]
async fn what_is_busy_is_asked_again_and_what_refuses_is_not() {
    let (fake, blobs) = Fake::start().await;
    blobs.put("a", many(3), 3).await.unwrap();
    fake.asked();
    fake.refuse(&[503, 500]);
    assert_eq!(&blobs.get_range("a", 0..3).await.unwrap()[..], b"xxx");
    assert_eq!(kinds(&fake), ["GET"; 3]);
    fake.refuse(&[503]);
    blobs.put("b", many(3), 3).await.unwrap();
    assert_eq!(kinds(&fake), ["PUT"; 2]);
    fake.refuse(&[403]);
    let error = blobs.get_range("a", 0..3).await.unwrap_err();
    assert_eq!(kinds(&fake), ["GET"]);
    assert!(matches!(error, BlobError::Storage(_)));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "S3 does not permit it: Refused");
    let all = format!("{error} {error:?} {blobs:?} {}", Error::from(BlobError::Storage(source.into())));
    for inner in [SESSION, SECRET, "AKIDEXAMPLE", "127.0.0.1", "Canonical"] {
        assert!(!all.contains(inner), "{all}");
    }
}

#[tokio::test]
async fn a_copy_lives_as_long_as_it_is_held() {
    let (_fake, blobs) = Fake::start().await;
    blobs.put("a", many(250_000), u64::MAX).await.unwrap();
    let copy = blobs.open_local("a").await.unwrap();
    let path = copy.path().to_owned();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 250_000);
    drop(copy);
    assert!(!path.exists());
}

#[tokio::test]
async fn nobody_there_is_said_without_the_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let blobs = Blobs::s3_at(&settings(&endpoint), ("AKIDEXAMPLE", SECRET, None)).unwrap();
    let error = blobs.get_range("a", 0..3).await.unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "S3 gave no good answer: connection refused"
    );
}
