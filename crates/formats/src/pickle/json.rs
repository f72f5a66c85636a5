//! Nested values in a pickle as JSON text.

use super::node::{Node, NodeId, Pickle};
use super::single::single_value;
use crate::columns::to_json;
use anear_types::{Error, Limits, Result};
use serde_json::Value as Json;

/// The JSON text of a dictionary, list, tuple or set of such and of single values, of at most
/// `most_bytes`: parts that are shared in the pickle appear each time. Single values that JSON
/// lacks are written as [`to_json`] does; keys that are no text become one.
///
/// # Errors
/// If it nests too deep, is longer than that, or holds something that is no such value.
pub(crate) fn json_text(
    pickle: &Pickle<'_>,
    node: NodeId,
    most_bytes: u64,
    limits: &Limits,
) -> Result<String> {
    let mut writer = Writer { pickle, most_bytes, limits, out: String::new() };
    writer.write(node, 0)?;
    Ok(writer.out)
}

struct Writer<'p, 'a> {
    pickle: &'p Pickle<'a>,
    most_bytes: u64,
    limits: &'p Limits,
    out: String,
}

impl Writer<'_, '_> {
    fn write(&mut self, node: NodeId, depth: usize) -> Result<()> {
        if depth > self.limits.depth {
            return Err(Error::limit(format!("a value nests deeper than {}", self.limits.depth)));
        }
        if let Some(pairs) = self.pickle.pairs(node) {
            self.push("{")?;
            for (position, (key, value)) in pairs.into_iter().enumerate() {
                self.push(if position > 0 { "," } else { "" })?;
                let key = key_text(self.pickle, key)?;
                self.push(&Json::from(key).to_string())?;
                self.push(":")?;
                self.write(value, depth + 1)?;
            }
            return self.push("}");
        }
        let members = self.pickle.members(node);
        if let Some(members) = members {
            self.push("[")?;
            for (position, member) in members.iter().enumerate() {
                self.push(if position > 0 { "," } else { "" })?;
                self.write(*member, depth + 1)?;
            }
            return self.push("]");
        }
        self.check(self.pickle.weight(node))?;
        match single_value(self.pickle, node) {
            Some(value) => self.push(&to_json(&value).to_string()),
            None => {
                let what = self.pickle.describe(node);
                Err(Error::unsupported(format!("a value is {what}, which is not read")))
            }
        }
    }

    fn push(&mut self, text: &str) -> Result<()> {
        self.check(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// Whether so many more bytes may be written.
    fn check(&self, bytes: usize) -> Result<()> {
        match (self.out.len() + bytes) as u64 <= self.most_bytes {
            true => Ok(()),
            false => Err(Error::limit("values that stand for far more than the pickle holds")),
        }
    }
}

/// The key of a dictionary as text.
///
/// # Errors
/// If it is not a single value.
pub(crate) fn key_text(pickle: &Pickle<'_>, key: NodeId) -> Result<String> {
    let unfit = || Error::unsupported(format!("a key is {}", pickle.describe(key)));
    match pickle.node(key) {
        Node::None => Ok("null".to_owned()), // as Python's own writer of JSON has it
        _ => single_value(pickle, key).map(|value| value.to_string()).ok_or_else(unfit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::load;
    use anear_types::ErrorKind;

    /// The JSON text of a pickle in protocol 0, without the stop at its end.
    fn json(pickle: &str, most_bytes: u64) -> Result<String> {
        let pickle = format!("{pickle}.");
        let loaded = load(pickle.as_bytes(), pickle.len() as u64, &Limits::default()).unwrap();
        let pickle = Pickle::new(&loaded.arena, pickle.as_bytes());
        json_text(&pickle, loaded.root, most_bytes, &Limits::default())
    }

    #[test]
    fn nested_values_are_written() {
        let list = "(lI1\naF0.5\naFnan\naI01\na(NVT\nta";
        let date = "cdatetime\ndate\n(U\x04\x07\x01\x02\x03tR";
        let pickle = format!("(dVa \"b\"\n{list}sI2\n(dsN(tsVd\n{date}s");
        let expected = r#"{"a \"b\"":[1,0.5,{"$real":"NaN"},true,[null,"T"]],"2":{},"null":[],"d":"1793-02-03"}"#;
        assert_eq!(json(&pickle, 1_000).unwrap(), expected);
        assert!(json(&pickle, expected.len() as u64).is_ok());
        let error = json(&pickle, expected.len() as u64 - 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_set_is_a_list() {
        let bytes = b"\x80\x04\x8f(K\x01K\x02\x90.";
        let loaded = load(bytes, 9, &Limits::default()).unwrap();
        let pickle = Pickle::new(&loaded.arena, bytes);
        assert_eq!(json_text(&pickle, loaded.root, 9, &Limits::default()).unwrap(), "[1,2]");
    }

    #[test]
    fn endless_and_unknown_values_are_errors() {
        let kind = |pickle: &str| json(pickle, 1 << 20).unwrap_err().kind();
        assert_eq!(kind("(lp0\ng0\na"), ErrorKind::Limit, "a list in itself");
        let doubled = "(g0\ng0\ntp0\n".repeat(40);
        assert_eq!(kind(&format!("(Vlong text\ntp0\n{doubled}")), ErrorKind::Limit);
        assert_eq!(kind("(lcnumpy\nndarray\na"), ErrorKind::Unsupported);
        assert_eq!(kind("(d(lI1\ns"), ErrorKind::Unsupported, "a list as a key");
    }
}
