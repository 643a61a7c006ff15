//! Gathering of events into batches.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::event::Event;
use crate::store::records::block::{BLOCK_BYTES, BLOCK_RECORDS};
use crate::store::records::dictionary::Dictionaries;
use crate::store::records::packer::HEADER_ROOM;
use crate::store::write::batch::{AssembledBatch, Assembler, Batch, Gathered};
use crate::store::write::team::Member;

/// Gathers events with their records, and makes batches of them. A worker has one of its own.
pub(crate) struct BatchBuilder {
    assembler: Assembler,
    team: Member,
    events: Vec<Event>,
    lengths: Vec<u32>,
    /// The records, after room for the header of their block.
    records: Vec<u8>,
    home: Sender<Batch>,
    /// Batches that are written.
    written: Receiver<Batch>,
}

impl BatchBuilder {
    /// Returns a builder that works alone.
    ///
    /// # Errors
    /// There is not enough memory.
    pub(crate) fn new(dictionaries: Arc<Dictionaries>) -> io::Result<BatchBuilder> {
        BatchBuilder::in_team(dictionaries, Member::alone())
    }

    /// Returns a builder for each of some workers, which help each other. They pack with a dictionary that they share.
    ///
    /// # Errors
    /// There is not enough memory.
    pub(crate) fn team(size: usize, dictionaries: &Arc<Dictionaries>) -> io::Result<Vec<BatchBuilder>> {
        let members = Member::team(size).into_iter();
        members.map(|member| BatchBuilder::in_team(Arc::clone(dictionaries), member)).collect()
    }

    fn in_team(dictionaries: Arc<Dictionaries>, team: Member) -> io::Result<BatchBuilder> {
        let (home, written) = unbounded();
        Ok(BatchBuilder {
            assembler: Assembler::new(dictionaries)?,
            team,
            events: Vec::with_capacity(BLOCK_RECORDS),
            lengths: Vec::with_capacity(BLOCK_RECORDS),
            records: vec![0; HEADER_ROOM],
            home,
            written,
        })
    }

    /// Adds an event with its record.
    pub(crate) fn push(&mut self, event: Event, record: &[u8]) {
        self.events.push(event);
        self.lengths.push(record.len() as u32);
        self.records.extend_from_slice(record);
    }

    /// Reports whether the events fill a block.
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() == BLOCK_RECORDS || self.records.len() - HEADER_ROOM >= BLOCK_BYTES
    }

    /// Reports whether there are no events.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Takes the events as a batch. A worker that has nothing to read makes it, if there is one.
    pub(crate) fn take(&mut self, from_csv: bool) -> AssembledBatch {
        self.written.try_iter().for_each(drop);
        let gathered = Gathered {
            events: std::mem::replace(&mut self.events, Vec::with_capacity(BLOCK_RECORDS)),
            lengths: std::mem::replace(&mut self.lengths, Vec::with_capacity(BLOCK_RECORDS)),
            records: std::mem::take(&mut self.records),
            from_csv,
            home: self.home.clone(),
        };
        let (batch, buffer) = match self.team.hand_over(gathered) {
            Ok(batch) => (AssembledBatch::InTheMaking(batch), self.team.buffer()),
            Err(gathered) => {
                let (batch, buffer) = self.assembler.assemble(gathered);
                (AssembledBatch::Made(Box::new(batch)), buffer)
            }
        };
        self.records = buffer;
        self.records.resize(HEADER_ROOM, 0);
        batch
    }

    /// Makes the batches of other workers, until these have read all.
    pub(crate) fn help_others(&mut self) {
        self.team.help(&mut self.assembler);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::BatchBuilder;
    use crate::event::{Event, Outcome, PlainValue};
    use crate::fields::PLAIN_COUNT;
    use crate::store::records::dictionary::Dictionaries;
    use crate::store::write::batch::{AssembledBatch, Batch};

    fn event(id: usize) -> Event {
        Event {
            time: None,
            event_time: None,
            event_id: format!("e{id}").as_str().into(),
            event_source: None,
            event_name: None,
            aws_region: None,
            user_name: None,
            access_key_id: None,
            error_code: None,
            outcome: Outcome::Ok,
            read_only: None,
            management_event: None,
            event_type: None,
            event_category: None,
            event_version: None,
            recipient_account_id: None,
            invoked_by: None,
            mfa_authenticated: None,
            session_created: None,
            from_console: false,
            issued_access_key_id: None,
            plain: [const { PlainValue::Absent }; PLAIN_COUNT],
            user_agent: None,
            error_message: None,
            identity: None,
            resources: Vec::new(),
        }
    }

    /// Fills a builder with as many events as `of` says, and returns the batches.
    fn batches(builder: &mut BatchBuilder, of: &[usize]) -> Vec<AssembledBatch> {
        let batch = |events: &usize| {
            (0..*events).for_each(|id| builder.push(event(id), format!("{{\"eventID\":\"e{id}\"}}").as_bytes()));
            builder.take(false)
        };
        of.iter().map(batch).collect()
    }

    fn made(batches: Vec<AssembledBatch>) -> Vec<Batch> {
        batches.into_iter().map(|batch| batch.wait().unwrap()).collect()
    }

    #[test]
    fn a_helper_makes_the_same_batches_in_the_same_order() {
        let of: Vec<usize> = (1..60).collect();
        let dictionaries = || Arc::new(Dictionaries::in_the_making());
        let alone = made(batches(&mut BatchBuilder::new(dictionaries()).unwrap(), &of));
        let mut team = BatchBuilder::team(3, &dictionaries()).unwrap();
        let mut reader = team.pop().unwrap();
        assert!(matches!(batches(&mut reader, &[2])[..], [AssembledBatch::Made(_)]), "nobody helps yet");
        let helped = thread::scope(|scope| {
            let helpers: Vec<_> =
                team.into_iter().map(|mut helper| scope.spawn(move || helper.help_others())).collect();
            while matches!(batches(&mut reader, &[2])[..], [AssembledBatch::Made(_)]) {
                thread::sleep(Duration::from_millis(1));
            }
            let helped = batches(&mut reader, &of);
            // The helpers end when nobody can ask them any more.
            drop(reader);
            helpers.into_iter().for_each(|helper| helper.join().unwrap());
            helped
        });
        let is_helped = |batch: &AssembledBatch| matches!(batch, AssembledBatch::InTheMaking(_));
        assert!(helped.iter().any(is_helped), "no batch was handed over");
        let facts = |batch: &Batch| {
            let ids: Vec<String> = batch.events.iter().map(|event| event.event_id.to_string()).collect();
            (ids, batch.hashes.clone(), batch.keys.len(), batch.sum.digest())
        };
        assert_eq!(made(helped).iter().map(facts).collect::<Vec<_>>(), alone.iter().map(facts).collect::<Vec<_>>());
    }

    #[test]
    fn a_helper_that_stops_is_an_error() {
        let (_, batch) = bounded(1);
        let error = AssembledBatch::InTheMaking(batch).wait().err().unwrap();
        assert_eq!(error.to_string(), "a thread that packs records has stopped");
    }

    #[test]
    fn helpers_of_nobody_end() {
        for mut builder in BatchBuilder::team(1, &Arc::new(Dictionaries::in_the_making())).unwrap() {
            builder.help_others();
            builder.help_others();
        }
        BatchBuilder::new(Arc::new(Dictionaries::in_the_making())).unwrap().help_others();
    }
}
