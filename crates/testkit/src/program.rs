//! The program, run as a process.

use std::{
    io::{BufRead as _, BufReader},
    process::Child,
};

use serde_json::Value;

/// Where a server listens that was started on any free port, with its log as JSON on a piped standard error; waits
/// until it serves.
///
/// # Panics
/// When the server ends before, or says something that is no JSON.
#[must_use]
pub fn serving(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().expect("standard error is piped")).lines();
    let address = loop {
        let line = lines.next().expect("the server ended").expect("the log is text");
        let event: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        if event["message"] == "serving" {
            break event["address"].as_str().expect("it says where").to_owned();
        }
    };
    // Nobody reads on: a full pipe would stop the server.
    std::thread::spawn(move || lines.for_each(drop));
    address
}
