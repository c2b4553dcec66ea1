//! Which topics a pattern names.

/// So many bytes do the patterns of one subscription have, with one between each two.
pub(super) const ROOM: usize = 256;

/// Why no topic, or no pattern, is called so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PatternError {
    /// A word is empty: two dots in a row, or one at an end, or nothing at all.
    EmptyWord,
    /// A word holds a space, or a wildcard beside other letters, or a topic's name holds a wildcard.
    BadWord,
    /// `>` is not the last word.
    MoreAfterTail,
    /// A subscription needs a pattern.
    NoPattern,
    /// The patterns of one subscription have more than 256 bytes.
    TooLong,
}

impl core::fmt::Display for PatternError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::EmptyWord => "a word is empty: write words between single dots",
            Self::BadWord => "a wildcard is a word of its own, only in patterns, and no word holds a space",
            Self::MoreAfterTail => "`>` stands at the end only: take `#` in between",
            Self::NoPattern => "a subscription needs a pattern: `#` is everything",
            Self::TooLong => "more than 256 bytes of patterns: take wider ones, or a second subscription",
        })
    }
}

impl core::error::Error for PatternError {}

/// Checks the name of a topic.
pub(super) fn check_name(name: &str) -> Result<(), PatternError> {
    name.split('.').try_for_each(|word| match word {
        "" => Err(PatternError::EmptyWord),
        word if word.contains([' ', '*', '>', '#']) => Err(PatternError::BadWord),
        _ => Ok(()),
    })
}

/// Checks a pattern.
fn check(pattern: &str) -> Result<(), PatternError> {
    let mut words = pattern.split('.');
    while let Some(word) = words.next() {
        match word {
            "*" | "#" => {}
            ">" if words.next().is_some() => return Err(PatternError::MoreAfterTail),
            ">" => {}
            word => check_name(word)?,
        }
    }
    Ok(())
}

/// Checks the patterns of a subscription, all of them together.
pub(super) fn check_all(patterns: &[&str]) -> Result<(), PatternError> {
    patterns.iter().try_for_each(|pattern| check(pattern))?;
    match patterns.iter().map(|pattern| pattern.len() + 1).sum::<usize>() {
        0 => Err(PatternError::NoPattern),
        bytes if bytes > ROOM + 1 => Err(PatternError::TooLong),
        _ => Ok(()),
    }
}

/// Writes the patterns into one line, which has room for them.
pub(super) fn join(patterns: &[&str], line: &mut String) {
    line.clear();
    for (i, pattern) in patterns.iter().enumerate() {
        if i != 0 {
            line.push(' ');
        }
        line.push_str(pattern);
    }
}

/// Whether one of the patterns in `line` names the topic.
pub(super) fn any_matches(line: &str, topic: &str) -> bool {
    line.split(' ').any(|pattern| matches(pattern, topic))
}

/// Both have been checked. Only the last `#` is ever tried anew, as whatever an earlier one could take, the last one can: so
/// it takes no more steps than the words of the one times those of the other.
fn matches(pattern: &str, topic: &str) -> bool {
    let (mut wanted, mut words) = (pattern.split('.'), topic.split('.'));
    // Behind the last `#`, and the words that it has not taken yet.
    let mut again = None;
    loop {
        let rest = words.clone();
        let fits = match (wanted.next(), words.next()) {
            (Some("#"), _) => {
                words = rest;
                again = Some((wanted.clone(), words.clone()));
                continue;
            }
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => true,
            (Some(word), Some(other)) => word == other,
            (Some(_), None) => return false,
            (None, Some(_)) => false,
        };
        if !fits {
            let Some((after, mut left)) = again else { return false };
            if left.next().is_none() {
                return false;
            }
            (wanted, words) = (after.clone(), left.clone());
            again = Some((after, left));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the table of the wildcards says, word by word.
    fn by_definition(pattern: &[&str], topic: &[&str]) -> bool {
        match (pattern, topic) {
            ([], []) => true,
            (["#", rest @ ..], _) => (0..=topic.len()).any(|n| by_definition(rest, &topic[n..])),
            ([">"], [_, ..]) => true,
            (["*", rest @ ..], [_, others @ ..]) => by_definition(rest, others),
            ([word, rest @ ..], [other, others @ ..]) => word == other && by_definition(rest, others),
            _ => false,
        }
    }

    /// All words in `from` that many times.
    fn lists(from: &[&'static str], longest: usize) -> Vec<Vec<&'static str>> {
        let mut all = vec![vec![]];
        let mut begin = 0;
        for _ in 0..longest {
            let end = all.len();
            for i in begin..end {
                for word in from {
                    all.push([&all[i][..], &[*word]].concat());
                }
            }
            begin = end;
        }
        all.split_off(1)
    }

    #[test]
    fn every_short_pattern_matches_what_the_table_says() {
        let (longest, words) = if cfg!(miri) { (2, 3) } else { (5, 5) };
        let topics: Vec<_> = lists(&["a", "b"], words).iter().map(|list| list.join(".")).collect();
        for list in lists(&["a", "b", "*", "#"], longest) {
            for list in [list.clone(), [&list[..], &[">"]].concat()] {
                let pattern = list.join(".");
                check(&pattern).unwrap();
                for topic in &topics {
                    let words: Vec<_> = topic.split('.').collect();
                    assert_eq!(matches(&pattern, topic), by_definition(&list, &words), "{pattern} {topic}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_name_is_said() {
        use PatternError::*;
        for (pattern, error) in
            [("", EmptyWord), ("a..b", EmptyWord), (".a", EmptyWord), ("a.", EmptyWord), ("a b", BadWord)]
        {
            assert_eq!((check(pattern), check_name(pattern)), (Err(error), Err(error)));
        }
        for pattern in ["*", "a.#.b", "a.>"] {
            assert_eq!((check(pattern), check_name(pattern)), (Ok(()), Err(BadWord)));
        }
        assert_eq!(check("a.>.b"), Err(MoreAfterTail));
        assert_eq!((check("a*"), check("a.b#")), (Err(BadWord), Err(BadWord)));
        assert_eq!(check_all(&[]), Err(NoPattern));
        let long = "a".repeat(128);
        assert_eq!(check_all(&[&long, &long]), Err(TooLong));
        assert_eq!(check_all(&[&long, &long[1..]]), Ok(()));
    }
}
