//! Builds the server again when the web application was built anew. It does not build the application itself.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
}
