//! Who sees the news, sees what it is about.

use super::common::outcomes;
use super::{look, start, two_fill};
use loom::sync::Arc;
use ringmain::ring::Notice;

/// Of both who raised it, if it was raised twice: the second hands on what the first did.
#[test]
fn who_sees_the_news_sees_what_is_new() {
    // How often it was raised when it was looked at for the first time.
    outcomes("notice: news", &[0, 1, 2], || {
        let notice = Arc::new(Notice::new());
        let (slots, threads) = two_fill(&notice, Notice::raise);
        let mut seen = 0;
        assert_eq!(notice.is_news(&mut seen), seen != 0);
        let raised = seen;
        if raised == 2 {
            assert_eq!(slots.map(|slots| look(&slots, start())), [7, 7]);
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((notice.is_news(&mut seen), seen), (raised != 2, 2));
        raised
    });
}
