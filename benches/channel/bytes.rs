//! Records of different lengths, one producer, one consumer; beside a ring of single bytes, `rtrb`, in which a record is
//! its length and then its bytes, written and read in place where they happen to lie in a row.

use crate::{Base, Event, How, Put, Take, group, one_thread, round_trip, two_threads};
use criterion::Criterion;
use ringmain::channel::bytes::{self, Consumer, Producer};
use ringmain::contract::{Source, Tick, each};

const BYTES: usize = 1 << 16;

pub(crate) fn benches(c: &mut Criterion) {
    for (way, how) in [("one by one", How::OneByOne), ("batch of 32", How::Batches)] {
        let mut group = group(c, &format!("bytes/one thread/{}/{way}", Record::NAME));
        one_thread::<Record>(&mut group, "base", how, (Base(0), Base(0)));
        one_thread::<Record>(&mut group, "ringmain", how, ours());
        one_thread::<Record>(&mut group, "rtrb", how, rtrb());
    }
    let ways = [("one by one", How::OneByOne), ("drained", How::Drained), ("batch of 32", How::Batches)];
    for (way, how) in ways {
        let mut group = group(c, &format!("bytes/two threads/{}/{way}", Record::NAME));
        two_threads::<Record, _, _>(&mut group, "base", how, || (Base(0), Base(0)));
        two_threads::<Record, _, _>(&mut group, "ringmain", how, ours);
        two_threads::<Record, _, _>(&mut group, "rtrb", how, rtrb);
    }
    let mut group = group(c, &format!("bytes/round trip/{}", Record::NAME));
    round_trip::<Record, _, _>(&mut group, "base", || (Base(0), Base(0)));
    round_trip::<Record, _, _>(&mut group, "ringmain", ours);
    round_trip::<Record, _, _>(&mut group, "rtrb", rtrb);
}

/// What stands for a record: its number, which says how long it is and what is in it.
#[derive(Clone, Copy, Default)]
struct Record(u64);

impl Event for Record {
    const NAME: &'static str = "8 to 127 bytes";
    fn new(number: u64) -> Self {
        Self(number)
    }
    fn number(&self) -> u64 {
        self.0
    }
}

impl Record {
    const LONGEST: usize = 127;

    fn len(self) -> usize {
        8 + (self.0 as usize * 7) % 120
    }
    fn write(self, bytes: &mut [u8]) {
        let (number, rest) = bytes.split_at_mut(8);
        number.copy_from_slice(&self.0.to_ne_bytes());
        rest.fill(self.0 as u8);
    }
    fn read(bytes: &[u8]) -> Self {
        let number = bytes.first_chunk().map_or(0, |number| u64::from_ne_bytes(*number));
        let record = Self(number);
        assert_eq!(bytes.len(), record.len(), "a torn record");
        record
    }
}

fn ours() -> (Producer, Consumer) {
    bytes::channel(BYTES).expect("a power of two")
}

impl Put<Record> for Producer {
    fn put(&mut self, record: Record) -> bool {
        self.offer(record.len(), |bytes| record.write(bytes)).is_ok()
    }
    fn put_some(&mut self, first: u64, n: u64) -> u64 {
        let mut batch = self.batch();
        let mut put = |record: Record| batch.offer(record.len(), |bytes| record.write(bytes)).is_ok();
        (0..n).find(|i| !put(Record(first + i))).unwrap_or(n)
    }
}

impl Take<Record> for Consumer {
    fn take(&mut self) -> Option<Record> {
        let mut taken = None;
        let _ = self.drain(Tick::ZERO, 1, &mut each(|bytes: &[u8]| taken = Some(Record::read(bytes))));
        taken
    }
    fn take_all(&mut self, mut f: impl FnMut(Record)) {
        let _ = self.drain(Tick::ZERO, usize::MAX, &mut each(|bytes: &[u8]| f(Record::read(bytes))));
    }
}

fn rtrb() -> (rtrb::Producer<u8>, rtrb::Consumer<u8>) {
    rtrb::RingBuffer::new(BYTES)
}

const LENGTH: usize = size_of::<u32>();

impl Put<Record> for rtrb::Producer<u8> {
    fn put(&mut self, record: Record) -> bool {
        let len = record.len();
        let Ok(mut chunk) = self.write_chunk(LENGTH + len) else { return false };
        let (bytes, rest) = chunk.as_mut_slices();
        if rest.is_empty() {
            bytes[..LENGTH].copy_from_slice(&(len as u32).to_ne_bytes());
            record.write(&mut bytes[LENGTH..]);
        } else {
            let mut whole = [0; LENGTH + Record::LONGEST];
            whole[..LENGTH].copy_from_slice(&(len as u32).to_ne_bytes());
            record.write(&mut whole[LENGTH..LENGTH + len]);
            bytes.copy_from_slice(&whole[..bytes.len()]);
            rest.copy_from_slice(&whole[bytes.len()..LENGTH + len]);
        }
        chunk.commit_all();
        true
    }
}

impl Take<Record> for rtrb::Consumer<u8> {
    fn take(&mut self) -> Option<Record> {
        let mut length = [0; LENGTH];
        self.pop_entire_slice(&mut length).ok()?;
        let len = u32::from_ne_bytes(length) as usize;
        let chunk = self.read_chunk(len).expect("a record comes as a whole");
        let (bytes, rest) = chunk.as_slices();
        let record = if rest.is_empty() {
            Record::read(bytes)
        } else {
            let mut whole = [0; Record::LONGEST];
            whole[..bytes.len()].copy_from_slice(bytes);
            whole[bytes.len()..len].copy_from_slice(rest);
            Record::read(&whole[..len])
        };
        chunk.commit_all();
        Some(record)
    }
}
