//! A disk that is full: a small file system in memory under the store of files. Mounting one needs root.

use std::{path::Path, process::Command, time::Duration};

use accunode_domain::Kind;
use accunode_testkit::{block_on, report::Report};
use reqwest::StatusCode;

use crate::{
    cluster::{Cluster, file, patiently},
    truth,
};

/// A file system of a few bytes, unmounted when dropped.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    /// None, with a word on why, when it cannot be mounted.
    fn mounted(at: &'a Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"])
            .arg(at)
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(at)),
            output => {
                let why = output.map(|o| String::from_utf8_lossy(&o.stderr).into_owned());
                eprintln!("skipped: a small file system cannot be mounted, which needs root: {why:?}");
                None
            }
        }
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.0).status().ok();
    }
}

#[test]
fn a_full_disk_refuses_files_and_nothing_else() {
    block_on(async {
        let Some(mut cluster) = Cluster::start(1, 1, 1).await else { return };
        let files = cluster.at.files();
        let Some(disk) = Small::mounted(&files, "1m") else { return };
        let mut report = Report::of("disk full");
        // About two megabytes.
        let large = file(Kind::Annual, 20_000, "LARGE", 1);
        let refused = cluster.submit(0, 0, &large).await.unwrap_err();
        assert_eq!(refused.status, Some(StatusCode::SERVICE_UNAVAILABLE), "{refused:?}");
        assert!(refused.text.contains("no room left"), "{refused:?}");
        refused.is_ours();
        patiently("nothing is left of it", Duration::from_secs(10), async || cluster.files().is_empty())
            .await;
        report.during(format!(
            "a file that does not fit: {}, nothing left of it; a smaller one: taken",
            refused.status.unwrap()
        ));
        let small = cluster.hand_in(0, 0, &file(Kind::Annual, 2_000, "SMALL", 2)).await;
        truth::holds(&mut cluster, std::slice::from_ref(&small)).await;
        disk.resize("30m");
        let large = cluster.hand_in(0, 0, &large).await;
        truth::holds(&mut cluster, &[small, large]).await;
        report.passed("the large file is taken; every row there once");
    });
}
