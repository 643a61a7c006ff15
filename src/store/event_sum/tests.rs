//! The digest against a naive computation, and its arithmetic.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{Element, EventDigester, EventSum, WORDS};

/// The sum of one event by the words of the description, with the public interface of BLAKE3.
fn naive(id: &str, record: &[u8]) -> EventSum {
    let leaves: Vec<u8> = record
        .chunks(1024)
        .flat_map(|piece| {
            let mut padded = piece.to_vec();
            padded.resize(piece.len().next_multiple_of(256), 0);
            *blake3::hash(&padded).as_bytes()
        })
        .collect();
    let mut root = (record.len() as u64).to_le_bytes().to_vec();
    if id.len() <= 55 {
        root.push(id.len() as u8);
        root.extend_from_slice(id.as_bytes());
    } else {
        root.push(255);
        root.extend_from_slice(blake3::hash(id.as_bytes()).as_bytes());
    }
    root.resize(64, 0);
    if leaves.len() <= 64 {
        root.extend_from_slice(&leaves);
    } else {
        root.extend_from_slice(blake3::hash(&leaves).as_bytes());
    }
    root.resize(128, 0);
    let root = blake3::hash(&root);
    let parts = (0..6_u8).flat_map(|part| {
        let mut input = root.as_bytes().to_vec();
        input.push(part);
        input.resize(64, 0);
        *blake3::hash(&input).as_bytes()
    });
    EventSum { events: 1, sum: Element::of_bytes(&parts.collect::<Vec<u8>>().try_into().unwrap()) }
}

fn sum<'e>(events: impl IntoIterator<Item = &'e (String, Vec<u8>)>) -> EventSum {
    let mut digester = EventDigester::default();
    events.into_iter().for_each(|(id, record)| digester.push(id.as_bytes(), record));
    digester.take()
}

proptest! {
    #![proptest_config(Config::with_cases(24))]
    #[test]
    fn elements_are_as_described_and_sums_do_not_depend_on_order(
        events in prop::collection::vec((".{0,40}", prop::collection::vec(any::<u8>(), 0..3500)), 0..80),
        at in any::<prop::sample::Index>(),
    ) {
        let mut one_by_one = EventSum::default();
        events.iter().for_each(|(id, record)| one_by_one.add_all(&naive(id, record)));
        let whole = sum(&events);
        prop_assert!(whole == one_by_one);
        prop_assert!(sum(events.iter().rev()) == whole);
        let (left, right) = events.split_at(if events.is_empty() { 0 } else { at.index(events.len()) });
        let mut parts = sum(left);
        parts.add_all(&sum(right));
        prop_assert!(parts == whole);
        for (id, record) in left {
            parts.remove_all(&naive(id, record));
        }
        prop_assert!(parts == sum(right));
    }

    #[test]
    fn any_changed_byte_changes_the_digest(
        record in prop::collection::vec(any::<u8>(), 1..3000), at in any::<prop::sample::Index>(), bits in 1..=255_u8,
    ) {
        let mut other = record.clone();
        other[at.index(record.len())] ^= bits;
        let digest = |id: &str, record: &[u8]| sum(&[(id.to_owned(), record.to_vec())]).digest();
        prop_assert_ne!(digest("a", &record), digest("a", &other));
        prop_assert_ne!(digest("a", &record), digest("b", &record));
        other.clone_from(&record);
        other.push(0);
        prop_assert_ne!(digest("a", &record), digest("a", &other), "padding is not content");
    }
}

#[test]
fn the_digest_of_known_events_stays_the_same() {
    let empty = EventSum::default().digest();
    let one = sum(&[("id".to_owned(), br#"{"eventID":"id"}"#.to_vec())]).digest();
    // A digest that was kept elsewhere must stay comparable.
    assert_eq!(
        [empty.to_string(), one.to_string()],
        [
            "events-v1:edc1b3fc027974b237a06966b9468ebbd3e804202b573a69eb5f261ab0c57974",
            "events-v1:3ba6085de36ef27fa7e09701151c29564a83b4f0ed0acab5d507cf1d1d3f295a",
        ]
    );
    assert_eq!((empty.events(), one.events()), (0, 1));
}

#[test]
fn carries_pass_all_words() {
    let most = Element([u64::MAX; WORDS]);
    let mut one = Element::default();
    one.0[0] = 1;
    let mut sum = most.clone();
    sum.add(&one);
    assert!(sum == Element::default(), "2^1536 is 0");
    sum.subtract(&one);
    assert!(sum == most);
}
