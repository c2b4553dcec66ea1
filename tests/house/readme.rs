//! What the README shows is what is there.

use crate::source::source;

#[test]
fn the_smallest_program_is_the_example() {
    let (readme, example) = (source("README.md").text, source("examples/hello.rs").text);
    let program = &example[example.find("use ").expect("an example begins with what it uses")..];
    assert!(readme.contains(program), "README.md does not show examples/hello.rs as it is");
}

#[test]
fn it_opens_with_the_two_commands() {
    let readme = source("README.md").text;
    let first = readme.split("```").nth(1).expect("a block of commands");
    for command in ["cargo run --release --example market", "cargo test"] {
        assert!(first.contains(command), "the first block does not say `{command}`");
    }
}

#[test]
fn the_files_it_points_to_are_there() {
    let readme = source("README.md").text;
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    for link in links.filter(|link| !link.contains("://")) {
        let _ = source(link);
    }
}

#[test]
fn the_oldest_compiler_it_promises_is_the_one_of_the_manifest() {
    let manifest = source("Cargo.toml").text;
    let oldest =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("a rust-version");
    let promise = format!("The minimum supported Rust version is {}.", oldest.trim_matches('"'));
    assert!(source("README.md").text.contains(&promise), "README.md does not say: {promise}");
}
