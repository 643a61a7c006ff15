//! Listings of a bucket that are too large to be read as a whole: a bucket of a million objects has 400 MB of JSON. Their
//! objects are read one by one.

use std::fmt;
use std::io::Read;
use std::ops::ControlFlow;

use memchr::memmem;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::proof::ListedObject;

/// The lists of a listing, and whether their elements are marks that deletions leave.
const LISTS: [(&str, bool); 3] = [("Contents", false), ("Versions", false), ("DeleteMarkers", true)];
/// The number of bytes in which the key of a list has to begin; only single values come before it.
const MAX_BEGINNING: usize = 64 << 10;
/// Objects that are handed on at once.
const BATCH: usize = 4_096;

/// Takes objects of a listing. `Break` stops the reading.
pub(crate) type TakeObjects<'t> = dyn FnMut(Vec<ListedObject>) -> ControlFlow<()> + 't;

/// Reports whether content may begin a listing: it has the key of such a list, and an array after it.
pub(crate) fn begins_listing(content: &[u8]) -> bool {
    let beginning = &content[..content.len().min(MAX_BEGINNING)];
    LISTS.iter().any(|(name, _)| {
        let key = format!("\"{name}\"");
        memmem::find(beginning, key.as_bytes()).is_some_and(|at| {
            let value = beginning[at + key.len()..].trim_ascii_start().strip_prefix(b":").unwrap_or_default();
            value.trim_ascii_start().starts_with(b"[")
        })
    })
}

/// Reads one listing, and hands its objects on in batches. Nothing after its closing brace is read.
///
/// # Errors
/// The content is not well-formed JSON, ends early, or has an element that is not an object of a bucket. `Break` is not
/// an error.
pub(crate) fn read_listing(content: impl Read, take: &mut TakeObjects<'_>) -> serde_json::Result<ControlFlow<()>> {
    let mut batch = Batch { objects: Vec::new(), has_any: false, is_stopped: false, take };
    let read = serde_json::Deserializer::from_reader(content).deserialize_map(&mut batch);
    if batch.is_stopped {
        return Ok(ControlFlow::Break(()));
    }
    // What was read before a mistake is handed on as well.
    let flow = batch.flush();
    read?;
    if !batch.has_any {
        return Err(serde_json::Error::custom("it has no object of a bucket"));
    }
    Ok(flow)
}

/// Objects that are not handed on yet.
struct Batch<'b, 't> {
    objects: Vec<ListedObject>,
    has_any: bool,
    is_stopped: bool,
    take: &'b mut TakeObjects<'t>,
}

impl Batch<'_, '_> {
    fn flush(&mut self) -> ControlFlow<()> {
        if self.objects.is_empty() {
            return ControlFlow::Continue(());
        }
        let flow = (self.take)(std::mem::take(&mut self.objects));
        self.is_stopped |= flow.is_break();
        flow
    }
}

impl<'de> Visitor<'de> for &mut Batch<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the listing of a bucket")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match LISTS.iter().find(|(name, _)| *name == key) {
                Some((_, is_delete_marker)) => {
                    map.next_value_seed(List { batch: self, is_delete_marker: *is_delete_marker })?
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A list of objects; `null` is an empty one.
struct List<'l, 'b, 't> {
    batch: &'l mut Batch<'b, 't>,
    is_delete_marker: bool,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects of a bucket")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<(), S::Error> {
        while let Some(object) = sequence.next_element::<ListedObject>()? {
            if object.key.is_empty() || object.last_modified.is_none() {
                return Err(S::Error::custom("an object has no Key or no LastModified"));
            }
            self.batch.has_any = true;
            self.batch.objects.push(ListedObject { is_delete_marker: self.is_delete_marker, ..object });
            if self.batch.objects.len() == BATCH && self.batch.flush().is_break() {
                return Err(S::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::ops::ControlFlow;

    use super::{BATCH, begins_listing, read_listing};
    use crate::proof::{ListedObject, ProofDocument};

    /// The objects of a listing, and the mistake in it.
    fn read(text: &str) -> (Vec<ListedObject>, Option<String>) {
        let mut objects = Vec::new();
        let mut take = |some: Vec<ListedObject>| {
            assert!((1..=BATCH).contains(&some.len()), "what is in memory is bounded");
            objects.extend(some);
            ControlFlow::Continue(())
        };
        let mistake = read_listing(text.as_bytes(), &mut take).err().map(|error| error.to_string());
        (objects, mistake)
    }

    fn listing(objects: usize) -> String {
        let object = |number: usize| {
            format!(
                r#"{{"Key":"a/{number}","LastModified":"2024-03-01T09:05:00+00:00","ETag":"\"x\"","Size":{number}}}"#
            )
        };
        format!(r#"{{"Contents":[{}],"Prefix":""}}"#, (0..objects).map(object).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn a_listing_read_one_by_one_has_the_objects_of_the_whole() {
        let versions = r#"{"IsTruncated":false,"Versions":[{"Key":"a","VersionId":"1","LastModified":1709284000,"Size":2}],
            "DeleteMarkers":[{"Key":"a","LastModified":"2024-03-02T09:05:00Z"}],"Contents":null}"#;
        for text in [versions.to_owned(), listing(1), listing(10_000)] {
            let Some(ProofDocument::Listing(whole)) = ProofDocument::parse(text.as_bytes()) else { panic!("{text}") };
            assert!(read(&text) == (whole, None));
            assert!(begins_listing(text.as_bytes()));
        }
    }

    #[test]
    fn a_mistake_costs_only_what_comes_after_it() {
        let whole = listing(5_000);
        let cut = &whole[..whole.len() - 60];
        let (objects, mistake) = read(cut);
        assert_eq!(objects.len(), 4_999);
        assert!(mistake.unwrap().starts_with("EOF while parsing"));
        for (text, reason) in [
            (r#"{"Contents":[{"Key":"a"}]}"#, "an object has no Key or no LastModified"),
            (r#"{"Contents":"text"}"#, "invalid type: string"),
            (r#"{"Contents":[]}"#, "it has no object of a bucket"),
            (r#"[1]"#, "invalid type: sequence, expected the listing of a bucket"),
        ] {
            let (objects, mistake) = read(text);
            assert!(objects.is_empty() && mistake.as_ref().unwrap().starts_with(reason), "{text}: {mistake:?}");
        }
        assert!(!begins_listing(br#"{"Records":[{"Contents":"[1"}]}"#));
    }

    #[test]
    fn what_follows_a_listing_is_not_read() {
        let text = format!("{}{{}}", listing(3));
        let mut rest = text.as_bytes();
        assert_eq!(read_listing(&mut rest, &mut |_| ControlFlow::Break(())).unwrap(), ControlFlow::Break(()));
        let mut rest = text.as_bytes();
        assert_eq!(read_listing(&mut rest, &mut |_| ControlFlow::Continue(())).unwrap(), ControlFlow::Continue(()));
        let mut after = String::new();
        rest.read_to_string(&mut after).unwrap();
        assert_eq!(after, "{}");
    }
}
