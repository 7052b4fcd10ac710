//! Where files are kept, as the environment says.

use accunode_infra::S3Settings;
use anyhow::{Context, Result, bail};

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSettings {
    /// In the data folder.
    Folder,
    /// In a bucket.
    S3(S3Settings),
}

impl FileSettings {
    pub(super) fn read(get: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let Some(place) = get("ACCUNODE_FILES") else {
            return Ok(Self::Folder);
        };
        let Some((bucket, prefix)) = bucket(&place) else {
            bail!("ACCUNODE_FILES is not a bucket: s3://bucket or s3://bucket/prefix is expected");
        };
        let region = get("AWS_REGION").context(
            "AWS_REGION is required when ACCUNODE_FILES is a bucket: a region like eu-west-1 is expected",
        )?;
        if !region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            bail!("AWS_REGION is '{region}', but a region like eu-west-1 is expected");
        }
        let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
            .into_iter()
            .find_map(|name| get(name).map(|url| (name, url)))
            .map(|(name, url)| endpoint(name, url))
            .transpose()?;
        Ok(Self::S3(S3Settings { bucket, prefix, region, endpoint }))
    }
}

/// The bucket and the prefix of `s3://bucket/prefix`.
fn bucket(place: &str) -> Option<(String, String)> {
    let place = place.strip_prefix("s3://")?;
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_end_matches('/');
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let sound = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(plain)
        && (prefix.is_empty() || prefix.split('/').all(part));
    sound.then(|| (bucket.to_owned(), prefix.to_owned()))
}

/// The address is not repeated: it could hold a password.
fn endpoint(name: &str, url: String) -> Result<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(['@', '?', '#', ' ']) => Ok(url),
        _ => bail!(
            "{name} cannot be used: an address like https://minio.example.org:9000 without login is expected"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<FileSettings> {
        let get = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        FileSettings::read(&get)
    }

    #[test]
    fn files_are_in_the_folder_unless_a_bucket_is_named() {
        assert_eq!(read(&[("AWS_REGION", "eu-west-1")]).unwrap(), FileSettings::Folder);
        let region = ("AWS_REGION", "eu-west-1");
        let settings = |prefix: &str, endpoint: Option<&str>| {
            FileSettings::S3(S3Settings {
                bucket: "some.files-1".to_owned(),
                prefix: prefix.to_owned(),
                region: "eu-west-1".to_owned(),
                endpoint: endpoint.map(str::to_owned),
            })
        };
        let plain = read(&[("ACCUNODE_FILES", "s3://some.files-1"), region]).unwrap();
        assert_eq!(plain, settings("", None));
        let (general, special) = ("http://localhost:1", "http://localhost:9000");
        let all = [
            ("ACCUNODE_FILES", "s3://some.files-1/accunode/live/"),
            region,
            ("AWS_ENDPOINT_URL", general),
            ("AWS_ENDPOINT_URL_S3", special),
        ];
        assert_eq!(read(&all).unwrap(), settings("accunode/live", Some(special)));
        assert_eq!(read(&all[..3]).unwrap(), settings("accunode/live", Some(general)));
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_repeated() {
        let files = ("ACCUNODE_FILES", "s3://files");
        let region = ("AWS_REGION", "eu-west-1");
        let login = "http://somebody:hunter2@localhost";
        for (pairs, name) in [
            (vec![("ACCUNODE_FILES", "/srv/files"), region], "ACCUNODE_FILES is not"),
            (vec![("ACCUNODE_FILES", "s3://key:hunter2@files"), region], "ACCUNODE_FILES is not"),
            (vec![("ACCUNODE_FILES", "s3://files/a//b"), region], "ACCUNODE_FILES is not"),
            (vec![("ACCUNODE_FILES", "s3://"), region], "ACCUNODE_FILES is not"),
            (vec![files], "AWS_REGION is required"),
            (vec![files, ("AWS_REGION", "eu west")], "AWS_REGION is"),
            (vec![files, region, ("AWS_ENDPOINT_URL", "localhost:9000")], "AWS_ENDPOINT_URL cannot"),
            (vec![files, region, ("AWS_ENDPOINT_URL_S3", login)], "AWS_ENDPOINT_URL_S3 cannot"),
        ] {
            let error = format!("{:#}", read(&pairs).unwrap_err());
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
    }
}
