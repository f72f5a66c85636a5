//! A wall around libraries that may panic on bytes nobody vouches for.
//!
//! The panic message still goes to the panic hook of the program (standard error, unless the
//! program set another one); what callers get is an ordinary error.

use anear_types::{Error, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`, and turns a panic in it into a malformed-file error that says `doing` what.
///
/// Whatever `work` was changing may be half changed afterwards: drop it when this fails.
pub(crate) fn guard<T>(doing: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Error::malformed(format!("{doing} failed: {text}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = guard("reading a page", || -> Result<()> {
            let nothing: &[u8] = std::hint::black_box(&[]);
            let _ = nothing[0];
            Ok(())
        });
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("reading a page failed: index out of bounds"), "{error}");
        assert_eq!(guard("nothing", || Ok(7)).unwrap(), 7);
    }
}
