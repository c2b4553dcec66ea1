//! A fold that keeps one answer.

/// A fold that keeps the answer with the highest score, and whose it is; of equals, the first. For the lowest, the score is
/// a [`core::cmp::Reverse`]. An answer without an order, such as a NaN, is never better than what is there.
pub fn best<A: Clone, S: PartialOrd>(
    score: impl Fn(&A) -> S,
) -> impl FnMut(&mut Option<(usize, A)>, usize, &mut A) {
    move |held, recipient, answer| {
        if held.as_ref().is_none_or(|(_, held)| score(answer) > score(held)) {
            *held = Some((recipient, answer.clone()));
        }
    }
}
