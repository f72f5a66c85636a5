//! What the notes of a child say must be in its collection.

use crate::change::Change;
use crate::model::Model;
use crate::setting::Setting;

/// What must be there.
pub(crate) struct Belief {
    /// Whether the collection was acknowledged to be there.
    pub(crate) created: bool,
    /// The number of the next change.
    pub(crate) next: i64,
    /// The states it may be in: all acknowledged changes, and then perhaps one that was under way,
    /// or that failed at the end: when a commit was written but could not be synced, it may come
    /// to light after a crash.
    pub(crate) models: Vec<Model>,
}

impl Belief {
    pub(crate) fn from_notes(setting: &Setting, notes: &[String]) -> Belief {
        let mut belief = Belief { created: false, next: 0, models: vec![Model::default()] };
        for note in notes {
            let words: Vec<&str> = note.splitn(3, ' ').collect();
            match words[..] {
                ["created"] => belief.created = true,
                ["done", number] => belief.change(setting, number, true),
                ["failed", number, _] => belief.change(setting, number, false),
                _ => panic!("a child noted {note:?}"),
            }
        }
        if belief.created && belief.next < setting.changes {
            let under_way = belief.next.to_string();
            belief.change(setting, &under_way, false);
        }
        belief
    }

    fn change(&mut self, setting: &Setting, number: &str, done: bool) {
        assert_eq!(number, self.next.to_string(), "changes are noted in order");
        let mut after = self.models[0].clone();
        Change::choose(setting, self.next, &after).apply(&mut after);
        self.next += 1;
        match done {
            true => self.models = vec![after],
            false => self.models.push(after),
        }
    }
}
