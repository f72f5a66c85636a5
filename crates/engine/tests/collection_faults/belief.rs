//! What must be in a collection, as far as one can know.
//!
//! A change that failed has not been made, and does not show while the collection is open. But when
//! its commit was written and could not be synced, it may come to light when the collection is
//! opened again, as after a crash. So may a change that was under way.

use crate::change::Change;
use crate::model::Model;
use crate::question::difference;
use crate::setting::Setting;
use anear::{Collection, Result};

/// The states that a collection may be in.
#[derive(Clone)]
pub(crate) struct Belief {
    setting: Setting,
    /// Whether the collection was acknowledged to be there.
    pub(crate) created: bool,
    /// The number of the next change.
    next: i64,
    /// All acknowledged changes; then what may come to light instead.
    models: Vec<Model>,
}

impl Belief {
    pub(crate) fn new(setting: &Setting) -> Belief {
        Belief { setting: *setting, created: false, next: 0, models: vec![Model::default()] }
    }

    /// What a parent must believe, given what a child noted.
    pub(crate) fn from_notes(setting: &Setting, notes: &[String]) -> Belief {
        let mut belief = Belief::new(setting);
        for note in notes {
            let words: Vec<&str> = note.splitn(3, ' ').collect();
            match words[..] {
                ["created"] => belief.created = true,
                ["done", number] => {
                    belief.must_be_next(number);
                    belief.done();
                }
                ["failed", number, _] => {
                    belief.must_be_next(number);
                    belief.failed();
                }
                ["skipped", number, _] => {
                    belief.must_be_next(number);
                    belief.skipped();
                }
                ["found", state] => belief.found(state.parse().expect("a number")),
                _ => panic!("a child noted {note:?}"),
            }
        }
        if belief.created && belief.next < setting.changes {
            belief.failed(); // it was under way
        }
        belief
    }

    fn must_be_next(&self, number: &str) {
        assert_eq!(number, self.next.to_string(), "changes are noted in order");
    }

    /// The collection without anything that may come to light.
    pub(crate) fn model(&self) -> &Model {
        &self.models[0]
    }

    /// The next change.
    pub(crate) fn change(&self) -> Change {
        Change::choose(&self.setting, self.next, self.model())
    }

    /// The next change was acknowledged. What failed before cannot come to light any more, unless
    /// nothing had to be written.
    pub(crate) fn done(&mut self) {
        let mut after = self.model().clone();
        self.change().apply(&mut after);
        if after != *self.model() {
            self.models = vec![after];
        }
        self.next += 1;
    }

    /// The next change failed.
    pub(crate) fn failed(&mut self) {
        let mut after = self.model().clone();
        self.change().apply(&mut after);
        self.models.push(after);
        self.next += 1;
    }

    /// The next change was not tried.
    pub(crate) fn skipped(&mut self) {
        self.next += 1;
    }

    /// The collection was opened, and is in one of the states it may be in. If others had it open, a
    /// change that failed may still come to light, until the next that does not.
    pub(crate) fn found(&mut self, state: usize) {
        if !(self.setting.watched && state == 0) {
            self.models = vec![self.models.swap_remove(state)];
        }
    }

    /// Which state a collection is in that was just opened.
    ///
    /// # Errors
    /// If it cannot be read; what differs, if it is in none.
    pub(crate) fn find(
        &self,
        collection: &Collection,
    ) -> Result<std::result::Result<usize, String>> {
        let mut differences = Vec::new();
        for (state, model) in self.models.iter().enumerate() {
            match difference(collection, model)? {
                None => return Ok(Ok(state)),
                Some(difference) => differences.push(difference),
            }
        }
        Ok(Err(format!("no state that it may be in: {differences:?}")))
    }
}
