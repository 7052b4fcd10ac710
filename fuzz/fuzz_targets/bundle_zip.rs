#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| accunode_fuzz::scoring::bundle_zip(data));
