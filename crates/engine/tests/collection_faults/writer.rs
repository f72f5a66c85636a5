//! The child that changes a collection until something befalls it.

use crate::belief::Belief;
use crate::question::difference;
use crate::setting::{Session, Setting};
use anear::{Access, Error, Result, Silent};
use anear_testkit::faults::Workload;

/// Makes changes and notes what becomes of each.
pub(crate) fn change(workload: &Workload, arguments: &[String]) {
    let setting = Setting::from_arguments(arguments);
    let Ok(mut session) = Session::create(workload.folder(), &setting) else { return };
    workload.note("created");
    let mut belief = Belief::new(&setting);
    belief.created = true;
    for number in 0..setting.changes {
        if let Err(error) = settle(workload, &mut session, &mut belief) {
            workload.note(&format!("skipped {number} {error}"));
            belief.skipped();
            session.close();
        } else if let Err(error) = session.make(&belief.change()) {
            workload.note(&format!("failed {number} {:?}: {error}", error.kind()));
            must_not_show(&mut session, &belief, &error);
            belief.failed();
            if session.is_watched() {
                session.close();
            }
        } else {
            workload.note(&format!("done {number}"));
            belief.done();
            continue;
        }
        if !setting.goes_on {
            return;
        }
    }
}

/// Finds out in which of the states it may be in a collection is, if it was closed.
fn settle(workload: &Workload, session: &mut Session, belief: &mut Belief) -> Result<()> {
    if session.is_open() {
        return Ok(());
    }
    match belief.find(session.collection()?)? {
        Ok(state) => {
            workload.note(&format!("found {state}"));
            belief.found(state);
            Ok(())
        }
        Err(differences) => panic!("opened again: {differences}"),
    }
}

/// While the collection is open, a change that failed has not been made. A disk that fails may not
/// let us see it; but it may not show anything else.
fn must_not_show(session: &mut Session, belief: &Belief, error: &Error) {
    let seen = session.collection().and_then(|open| difference(open, belief.model()));
    if let Ok(Some(difference)) = seen {
        panic!("after {:?} failed with {error}: {difference}", belief.change());
    }
}

/// Opens what a crash left and repairs it.
pub(crate) fn open(workload: &Workload) {
    if let Ok(mut session) = Session::open(workload.folder(), Access::Write) {
        let _verified = session.collection().and_then(|open| open.verify(true, &mut Silent));
    }
}
