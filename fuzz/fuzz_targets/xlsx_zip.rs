#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| accunode_fuzz::sheets::xlsx_zip(data));
