//! What a seat hands over when its standing changes, and who comes first where both want to.

use super::common::outcomes;
use super::{for_two, gives_back, hands_over, look, put, start};
use loom::{sync::Arc, thread};
use ringmain::ring::{Place, Seat, Sequence, Slots, Standing};

/// A seat, and two slots that it is about: one stands for its desk, or for an event that its reader needs.
type Shared = Arc<(Seat, Slots<u64>)>;

fn parts() -> (Shared, Shared) {
    let slots = Slots::new(2, start(), || 0, |_| ()).unwrap();
    for_two((Seat::new(), slots))
}

fn asked() -> (Shared, Shared) {
    let (reader, writer) = parts();
    assert!(reader.0.take());
    reader.0.ask();
    (reader, writer)
}

fn seated() -> (Shared, Shared) {
    let (reader, writer) = asked();
    assert!(writer.0.admit(start()));
    (reader, writer)
}

const fn outside(done: Sequence) -> Place {
    Place { done, inside: false, ended: false }
}

#[test]
fn two_readers_do_not_get_one_seat() {
    outcomes("seat: two take it", &[false, true], || {
        let (one, other) = parts();
        let one = thread::spawn(move || one.0.take());
        let mine = other.0.take();
        assert_ne!(one.join().unwrap(), mine);
        mine
    });
}

#[test]
fn a_free_seat_hands_its_desk_to_the_next() {
    outcomes("seat: free hands over the desk", &[None, Some(7)], || {
        let (reader, writer) = asked();
        reader.0.leave(true);
        let writer = thread::spawn(move || {
            put(&writer.1, start(), 7);
            writer.0.free();
        });
        let found = reader.0.take().then(|| look(&reader.1, start()));
        if found.is_some() {
            put(&reader.1, start(), 8);
        }
        writer.join().unwrap();
        found
    });
}

#[test]
fn a_request_is_handed_over() {
    outcomes("seat: ask hands over the desk", &[None, Some(7)], || {
        let (reader, writer) = parts();
        let reader = thread::spawn(move || {
            assert!(reader.0.take());
            put(&reader.1, start(), 7);
            reader.0.ask();
        });
        let found = (writer.0.standing() == Standing::Joining).then(|| look(&writer.1, start()));
        reader.join().unwrap();
        found
    });
}

/// With the place from which the reader goes on.
#[test]
fn an_admission_is_handed_over() {
    hands_over(
        "seat: admit hands over the desk",
        || {
            let (reader, writer) = asked();
            (writer, reader)
        },
        |writer| assert!(writer.0.admit(start().next())),
        |reader| {
            let seated = reader.0.standing() == Standing::Seated;
            if seated {
                assert_eq!(reader.0.place(), outside(start().next()));
            }
            seated
        },
    );
}

/// The reader goes while it is let in: the writer sees it go in either case, and is the one who sets the seat free.
#[test]
fn leaving_and_admission_meet() {
    outcomes("seat: leave meets admit", &[false, true], || {
        let (reader, writer) = asked();
        let reader = thread::spawn(move || reader.0.leave(false));
        let admitted = writer.0.admit(start());
        reader.join().unwrap();
        assert_eq!(writer.0.standing(), Standing::Gone);
        admitted
    });
}

#[test]
fn who_has_left_is_in_no_slot() {
    gives_back(
        "seat: leave hands over the slots",
        seated,
        |reader| reader.0.leave(true),
        |writer| writer.0.standing() == Standing::Left,
    );
}

#[test]
fn what_a_reader_is_done_with_is_the_writers() {
    gives_back(
        "seat: stand hands over the slots",
        seated,
        |reader| reader.0.stand(start().next(), false),
        |writer| writer.0.place().done == start().next(),
    );
}

/// Both want the slot of the first event: the reader to look at it, the writer to fill it again. Who is displaced sees the
/// event that he is sent to.
#[test]
fn a_reader_goes_in_or_is_displaced() {
    // What the reader saw, and whether the writer got the slot.
    let legal = [(7, false), (7, true), (9, true)];
    outcomes("seat: enter meets displace", &legal, || {
        let (reader, writer) = seated();
        let (first, second) = (start(), start().next());
        put(&writer.1, first, 7);
        let reader = thread::spawn(move || match reader.0.enter(first) {
            Ok(()) => {
                let seen = look(&reader.1, first);
                reader.0.stand(second, false);
                seen
            }
            Err(place) => {
                assert_eq!(place, outside(second));
                look(&reader.1, second)
            }
        });
        put(&writer.1, second, 9);
        let mine = match writer.0.displace(first, second) {
            Ok(()) => true,
            Err(place) if place.inside => false,
            Err(place) => place.done == second,
        };
        if mine {
            put(&writer.1, first.plus(2), 11);
        }
        (reader.join().unwrap(), mine)
    });
}

/// To change what lies on the desk, the writer ends the reader, and resumes it.
#[test]
fn a_desk_is_changed_while_its_reader_is_ended() {
    // What the reader found there, if it was let in, and whether the writer changed it.
    let legal = [(Some(7), false), (Some(7), true), (None, true), (Some(9), true)];
    outcomes("seat: end and resume", &legal, || {
        let (reader, writer) = seated();
        let (first, second) = (start(), start().next());
        put(&writer.1, first, 7);
        let reader = thread::spawn(move || {
            let at = match reader.0.enter(first) {
                Ok(()) => first,
                Err(place) if place.ended => return None,
                Err(place) => {
                    reader.0.enter(place.done).unwrap();
                    place.done
                }
            };
            let found = look(&reader.1, first);
            reader.0.stand(at, false);
            Some(found)
        });
        let changed = writer.0.end(first).is_ok();
        if changed {
            put(&writer.1, first, 9);
            writer.0.resume(second);
        }
        (reader.join().unwrap(), changed)
    });
}

/// A reader that looks and leaves the event where it is comes out where it went in: the writer has to know that it was in.
#[test]
fn who_came_out_where_he_went_in_has_looked() {
    // Whether the reader was in, and whether the writer got the slot.
    let legal = [(false, true), (true, false), (true, true)];
    outcomes("seat: in and out again", &legal, || {
        let (reader, writer) = seated();
        let first = start();
        put(&writer.1, first, 7);
        let reader = thread::spawn(move || {
            let entered = reader.0.enter(first).is_ok();
            if entered {
                assert_eq!(look(&reader.1, first), 7);
                reader.0.stand(first, false);
            }
            entered
        });
        let mine = writer.0.end(first).is_ok();
        if mine {
            put(&writer.1, first.plus(2), 11);
        }
        (reader.join().unwrap(), mine)
    });
}
