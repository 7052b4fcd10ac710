//! Times the LightGBM engine on one thread: `engine_speed MODEL ROWS OUT [SECONDS]`.
//!
//! ROWS holds doubles, little-endian, one row after the other. Prints one JSON line per kernel of this
//! CPU and leaves the raw scores of the fastest in OUT. `bench/run.sh` runs it next to other engines.
#![allow(clippy::print_stdout)] // the result is what this program prints

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use accunode_scoring::lightgbm::{Kernel, Model};

/// Rows of one timed call of contributions.
const CONTRIBUTION_ROWS: usize = 1024;

/// Repeats a call until the time is used up; the median of the seconds per call.
fn median_seconds(limit: Duration, mut call: impl FnMut()) -> f64 {
    let (start, mut seconds) = (Instant::now(), Vec::new());
    while seconds.len() < 3 || start.elapsed() < limit {
        let call_start = Instant::now();
        call();
        seconds.push(call_start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, rows, out, rest @ ..] = arguments.as_slice() else {
        return Err("expected MODEL ROWS OUT [SECONDS]".into());
    };
    let limit = Duration::from_secs_f64(rest.first().map_or(Ok(0.5), |seconds| seconds.parse())?);
    let text = fs::read_to_string(model)?;
    let values: Vec<f64> =
        fs::read(rows)?.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    for kernel in Kernel::available() {
        let model = Model::parse(&text)?.with_kernel(kernel);
        let scores = measure(&model, kernel, &values, limit)?;
        fs::write(out, scores.iter().flat_map(|score| score.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    Ok(())
}

fn measure(
    model: &Model,
    kernel: Kernel,
    values: &[f64],
    limit: Duration,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let features = model.num_features();
    let rows = values.len() / features;
    let column = |feature| values.iter().skip(feature).step_by(features).copied().collect::<Vec<f64>>();
    let columns: Vec<Vec<f64>> = (0..features).map(column).collect();
    let all: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let mut scores = vec![0.0; rows];
    model.raw_batch(&all, &mut scores)?;
    let batch = median_seconds(limit, || {
        let _ = black_box(model.raw_batch(black_box(&all), &mut scores));
    });
    let mut next = 0;
    let single = median_seconds(limit, || {
        for _ in 0..256 {
            next = (next + 1) % rows;
            black_box(model.raw(black_box(&values[next * features..][..features])));
        }
    });
    let count = rows.min(CONTRIBUTION_ROWS);
    let some: Vec<&[f64]> = columns.iter().map(|column| &column[..count]).collect();
    let mut contributions = vec![0.0; count * (features + 1)];
    model.contributions_batch(&some, &mut contributions)?;
    let shap = median_seconds(limit, || {
        let _ = black_box(model.contributions_batch(black_box(&some), &mut contributions));
    });
    println!(
        "{{\"engine\": \"{kernel:?}\", \"batch\": {}, \"row_us\": {}, \"shap\": {}}}",
        rows as f64 / batch,
        single / 256.0 * 1e6,
        count as f64 / shap
    );
    Ok(scores)
}
