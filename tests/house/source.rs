//! Source files as the rules see them: with and without comments.

use std::path::{Path, PathBuf};

/// One source file.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the root of the repository, with `/` between the parts.
    pub(crate) path: String,
    /// As it stands on the disk.
    pub(crate) text: String,
    /// The same lines with comments, strings and character literals blanked.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: without_text(text) }
    }
    /// `ring` for `src/ring/slots.rs`, `sync` for `src/sync.rs`, nothing for `src/lib.rs` and for what is not in `src`.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split_once('/').map_or(inside.trim_end_matches(".rs"), |(room, _)| room);
        (room != "lib").then_some(room)
    }
    /// `code` without its test modules, which may do what the room itself may not.
    pub(crate) fn shipped(&self) -> String {
        let mut code = self.code.clone();
        while let Some(begin) = code.find("#[cfg(test)]") {
            let end = block_end(&code, begin);
            let blank = blanked(&code[begin..end]);
            code.replace_range(begin..end, &blank);
        }
        code
    }
    /// `src/ring/slots.rs:12`, for a byte of `text` or `code`.
    pub(crate) fn place(&self, at: usize) -> String {
        let line = self.text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        format!("{}:{line}", self.path)
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The file at `path`, which begins at the root of the repository.
pub(crate) fn source(path: &str) -> Source {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    Source::new(path, &text)
}

/// Every file under `folder` whose name ends in one of `endings`, in the order of their paths.
pub(crate) fn sources(folder: &str, endings: &[&str]) -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    walk(&root.join(folder), &mut paths);
    paths.sort();
    let ends_well = |path: &&PathBuf| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending));
    let inside = |path: &PathBuf| {
        path.strip_prefix(&root).expect("walked from the root").to_string_lossy().replace('\\', "/")
    };
    let found: Vec<_> = paths.iter().filter(ends_well).map(|path| source(&inside(path))).collect();
    assert!(!found.is_empty(), "nothing to look at in {folder}");
    found
}

/// Every place at which `what` stands in `code` as a word of its own, not as part of a longer one.
pub(crate) fn words(code: &str, what: &str) -> Vec<usize> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(what)
        .map(|(at, _)| at)
        .filter(|&at| !code[..at].ends_with(part_of_word))
        .filter(|&at| !what.ends_with(part_of_word) || !code[at + what.len()..].starts_with(part_of_word))
        .collect()
}

/// The first names behind `prefix` (`crate::`), also where they stand in braces: for `crate::{ring::Cursor, sync}`
/// these are `ring` and `sync`. Each with its place.
pub(crate) fn names_behind(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in words(code, prefix) {
        let begin = at + prefix.len();
        if !code[begin..].starts_with('{') {
            found.push((at, first_name(&code[begin..])));
            continue;
        }
        let end = block_end(code, begin);
        let (mut depth, mut fresh) = (0, false);
        for (i, c) in code[begin..end].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 1 && (c == '{' || c == ',') {
                fresh = true;
            } else if fresh && !c.is_whitespace() {
                found.push((begin + i, first_name(&code[begin + i..])));
                fresh = false;
            }
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn first_name(code: &str) -> String {
    code.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry of a folder that can be read").path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The end of the block, or of the statement, that begins at or after `at`.
fn block_end(code: &str, at: usize) -> usize {
    let mut depth = 0;
    for (i, c) in code[at..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + i + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + i + 1,
            _ => {}
        }
    }
    code.len()
}

/// As many bytes of white space, in the same lines.
fn blanked(code: &str) -> String {
    code.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// Blanks comments, strings and character literals, byte for byte.
fn without_text(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment_length(rest),
            '"' => string_length(rest),
            'r' if !ends_in_word(&code) => raw_string_length(rest),
            '\'' => character_length(rest),
            _ => 0,
        };
        if length > 0 {
            code.push_str(&blanked(&rest[..length]));
            rest = &rest[length..];
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

fn ends_in_word(code: &str) -> bool {
    // The `b` of a raw byte string belongs to the string.
    let code = code.strip_suffix('b').unwrap_or(code);
    code.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Comments nest.
fn comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else if let Some(c) = rest.chars().next() {
            at += c.len_utf8();
        } else {
            return at;
        }
    }
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

/// Zero if no raw string begins here.
fn raw_string_length(text: &str) -> usize {
    let hashes = text[1..].bytes().take_while(|&byte| byte == b'#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let (begin, close) = (2 + hashes, format!("\"{}", "#".repeat(hashes)));
    text[begin..].find(&close).map_or(text.len(), |end| begin + end + close.len())
}

/// Zero for a lifetime.
fn character_length(text: &str) -> usize {
    let mut rest = text[1..].char_indices();
    match rest.next() {
        Some((_, '\\')) => {
            rest.next();
            rest.find(|&(_, c)| c == '\'').map_or(0, |(end, _)| end + 2)
        }
        Some(_) => rest.next().filter(|&(_, c)| c == '\'').map_or(0, |(end, _)| end + 2),
        None => 0,
    }
}

#[test]
fn comments_and_literals_are_blanked() {
    let text = "let a = \"x // \\\" y\"; // crate::b\nlet c: &'static str = r#\"crate::\"d\"#; /* e /* f */ g */ h('\\'', 'i')";
    let code = without_text(text);
    assert_eq!(code.len(), text.len());
    let left: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(left, "let a = ; let c: &'static str = ; h( , )");
}

#[test]
fn names_are_found_in_braces_too() {
    let code = "use crate::{ring::{Cursor, Slots}, sync}; crate::wait::f()";
    let names: Vec<_> = names_behind(code, "crate::").into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["ring", "sync", "wait"]);
}

#[test]
fn test_modules_are_not_shipped() {
    let file =
        Source::new("src/ring/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}");
    assert_eq!(file.shipped().split_whitespace().collect::<String>(), "fna(){}fnc(){}");
    assert_eq!(file.room(), Some("ring"));
    assert_eq!(Source::new("src/sync.rs", "").room(), Some("sync"));
    assert_eq!(Source::new("src/lib.rs", "").room(), None);
}
