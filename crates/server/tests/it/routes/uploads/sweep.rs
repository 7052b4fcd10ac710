use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use accunode_domain::UploadId;
use accunode_server::features::uploads::jobs::sweep;
use accunode_testkit::on_both_engines;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

on_both_engines! {
    /// Old files that nothing refers to go; young ones, and those of uploads, stay.
    async fn what_nothing_refers_to_is_swept_once_it_is_old(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let (_, accepted) = member.upload("annual", "a.csv", &annual_file(&[annual_row("AAA", 2020)])).await;
        let id = accepted["job_id"].as_str().unwrap().to_owned();
        let folder = app.files().join("uploads");
        let old = SystemTime::now() - Duration::from_secs(25 * 3_600);
        let (gone, young) = (UploadId::new(), UploadId::new());
        for (name, age) in [
            (format!("{gone}.csv"), Some(old)),
            (format!("{gone}.rows"), Some(old)),
            (format!("{young}.xlsx"), None),
            (format!("{id}.rows"), Some(old)),
            (format!("{id}.csv"), Some(old)),
        ] {
            let file = File::options().create(true).append(true).open(folder.join(name)).unwrap();
            if let Some(age) = age {
                file.set_modified(age).unwrap();
            }
        }
        assert_eq!(sweep::sweep(&app.state).await.unwrap(), 2);
        let there = |name: String| folder.join(name).exists();
        assert!(there(format!("{young}.xlsx")) && there(format!("{id}.rows")) && there(format!("{id}.csv")));
        // What was unpacked is needed only while the upload is worked on.
        app.work_on_what_waits();
        assert_eq!(member.wait(&id).await["status"], "completed");
        assert_eq!(sweep::sweep(&app.state).await.unwrap(), 1);
        assert!(!there(format!("{id}.rows")) && there(format!("{id}.csv")));
    }
}
