//! x
#[path = "market/mod.rs"]
mod market;
fn main() {
    use std::io::Read;
    let mut s = market::session::Session::new(1, 100000);
    let mut v = Vec::new();
    s.read_to_end(&mut v).unwrap();
    use std::io::Write;
    std::io::stdout().write_all(&v).unwrap();
}
