//! Which columns of a CSV file are vectors and which are metadata.

use super::record::{Cell, cells, record};
use crate::text::{Dialect, Field, is_number, vector_name_rank};
use anear_types::{Error, Result, Value};
use std::ops::Range;

/// How a file is laid out.
pub(super) struct Layout {
    pub(super) delimiter: u8,
    /// The names of the columns; empty without a header.
    pub(super) names: Vec<String>,
    pub(super) vector: VectorColumns,
    /// Where the first record behind the header may be.
    pub(super) start: usize,
}

/// Where the components are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VectorColumns {
    /// All in one column, as text.
    One(usize),
    /// One column each.
    Each(Range<usize>),
    /// Nowhere: the file is a table of metadata.
    Nowhere,
}

impl Layout {
    /// Finds out from the first two records. A file without vectors is read only if `tables` are
    /// welcome.
    ///
    /// # Errors
    /// If nothing in them looks like a vector.
    pub(super) fn find(bytes: &[u8], start: usize, tabs: bool, tables: bool) -> Result<Layout> {
        let (first, second_offset) =
            record(bytes, start).ok_or_else(|| Error::malformed("the file has no records"))?;
        let first = utf8(&bytes[first])?;
        let delimiter = if tabs { b'\t' } else { delimiter(first) };
        let header: Vec<Cell<'_>> = cells(first, delimiter).collect();
        if header.iter().all(|cell| is_number(cell.text.trim())) {
            let vector = VectorColumns::Each(0..header.len());
            return Ok(Layout { delimiter, names: Vec::new(), vector, start });
        }
        let (second, _) = record(bytes, second_offset)
            .ok_or_else(|| Error::bad_data("the file has one line, and no vector in it"))?;
        let values: Vec<Cell<'_>> = cells(utf8(&bytes[second])?, delimiter).collect();
        if let [cell] = &header[..]
            && is_vector_text(&cell.text)
        {
            let vector = VectorColumns::One(0);
            return Ok(Layout { delimiter, names: Vec::new(), vector, start });
        }
        let names: Vec<String> = header.iter().map(|cell| cell.text.trim().to_owned()).collect();
        let vector = text_column(&names, &values)
            .or_else(|| numbered_columns(&names, &values))
            .or_else(|| tables.then_some(VectorColumns::Nowhere))
            .ok_or_else(|| {
                Error::bad_data(
                    "no column holds vectors: neither texts such as \"[0.1, 0.2]\" nor columns named 0, 1, 2, .. or dim_0, dim_1, ..",
                )
            })?;
        Ok(Layout { delimiter, names, vector, start: second_offset })
    }

    /// The name of the entry: that of the column, if there is one.
    pub(super) fn entry_name(&self) -> String {
        match &self.vector {
            VectorColumns::One(column) => self.names.get(*column).cloned().unwrap_or_default(),
            VectorColumns::Each(_) | VectorColumns::Nowhere => String::new(),
        }
    }

    fn is_vector(&self, column: usize) -> bool {
        match &self.vector {
            VectorColumns::One(vector) => column == *vector,
            VectorColumns::Each(columns) => columns.contains(&column),
            VectorColumns::Nowhere => false,
        }
    }

    fn check_count(&self, found: usize) -> Result<()> {
        if self.names.is_empty() || found == self.names.len() {
            return Ok(());
        }
        let expected = self.names.len();
        Err(Error::bad_data(format!("a record of {found} fields, the header has {expected}")))
    }
}

impl Dialect for Layout {
    fn record(&self, bytes: &[u8], offset: usize) -> Result<Option<(Range<usize>, usize)>> {
        Ok(record(bytes, offset))
    }

    fn has_vectors(&self) -> bool {
        self.vector != VectorColumns::Nowhere
    }

    fn components(&self, record: &[u8], each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        let mut count = 0;
        for (column, cell) in cells(utf8(record)?, self.delimiter).enumerate() {
            count += 1;
            match &self.vector {
                VectorColumns::One(vector) if column == *vector => numbers(&cell.text, each)?,
                VectorColumns::Each(columns)
                    if columns.contains(&column) || self.names.is_empty() =>
                {
                    each(cell.text.trim_ascii())?;
                }
                _ => {}
            }
        }
        self.check_count(count)
    }

    fn fields(&self, record: &[u8], each: &mut dyn FnMut(&str, Field)) -> Result<()> {
        let mut count = 0;
        for (column, cell) in cells(utf8(record)?, self.delimiter).enumerate() {
            count += 1;
            if let Some(name) = self.names.get(column)
                && !self.is_vector(column)
            {
                each(name, field(cell));
            }
        }
        self.check_count(count)
    }
}

/// The most frequent of the usual delimiters outside of quotes.
fn delimiter(line: &str) -> u8 {
    let count = |delimiter: &u8| cells(line, *delimiter).count();
    [b'|', b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

fn utf8(record: &[u8]) -> Result<&str> {
    std::str::from_utf8(record).map_err(|_| Error::malformed("a record is not UTF-8"))
}

/// The value of a metadata field: quoted is text, empty is null, else what it looks like.
fn field(cell: Cell<'_>) -> Field {
    if cell.quoted {
        return Field { value: Value::text(cell.text), loose: None };
    }
    let text = cell.text.as_ref();
    let value = match text {
        "" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        "NaN" | "nan" => Value::Real(f64::NAN),
        "inf" => Value::Real(f64::INFINITY),
        "-inf" => Value::Real(f64::NEG_INFINITY),
        _ => blob(text).or_else(|| number(text)).unwrap_or_else(|| Value::text(text)),
    };
    Field { value, loose: Some(text.into()) }
}

/// Bytes, as PostgreSQL writes them: `\x` and hexadecimal digits.
fn blob(text: &str) -> Option<Value> {
    let digits = text.strip_prefix("\\x")?;
    crate::columns::unhex(digits).map(|bytes| Value::Blob(bytes.into()))
}

/// A number; one with leading zeros or a plus is a text, such as a telephone number.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = match digits.as_bytes() {
        [b'0', next, ..] => !next.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit() || *first == b'.',
        [] => false,
    };
    if !plain || !is_number(text) {
        return None;
    }
    match text.parse::<i64>() {
        Ok(number) if text != "-0" => Some(Value::Int(number)),
        _ => text.parse().ok().map(Value::Real),
    }
}

/// The numbers of a vector written as one text.
fn numbers(text: &str, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    let text = text.trim();
    let text = text.strip_prefix(['[', '(', '{']).unwrap_or(text);
    let text = text.strip_suffix([']', ')', '}']).unwrap_or(text);
    if text.contains([',', ';']) {
        return text.split([',', ';']).try_for_each(|number| each(number.trim()));
    }
    text.split_whitespace().try_for_each(each)
}

fn is_vector_text(text: &str) -> bool {
    let mut count = 0;
    let all_numbers = numbers(text, &mut |number| {
        count += 1;
        if is_number(number) { Ok(()) } else { Err(Error::bad_data("")) }
    });
    all_numbers.is_ok() && (count > 1 || count == 1 && text.trim().starts_with('['))
}

/// The column whose text is a vector; by its name if there are several.
fn text_column(names: &[String], values: &[Cell<'_>]) -> Option<VectorColumns> {
    let columns = names.iter().zip(values).enumerate();
    columns
        .filter(|(_, (_, cell))| is_vector_text(&cell.text))
        .min_by_key(|(_, (name, _))| vector_name_rank(name))
        .map(|(column, _)| VectorColumns::One(column))
}

/// The longest run of columns of numbers whose names count up from 0 or 1.
fn numbered_columns(names: &[String], values: &[Cell<'_>]) -> Option<VectorColumns> {
    let is_number = |column: usize| values.get(column).is_some_and(|c| is_number(c.text.trim()));
    let (mut best, mut start) = (0..0, 0);
    while start < names.len() {
        let mut end = start;
        while end < names.len()
            && is_number(end)
            && follows(&names[start], &names[end], end - start)
        {
            end += 1;
        }
        if end - start > best.len() {
            best = start..end;
        }
        start = end.max(start + 1);
    }
    (best.len() > 1).then_some(VectorColumns::Each(best))
}

/// Whether `name` is `first` counted up by `steps`, and `first` ends in 0 or 1.
fn follows(first: &str, name: &str, steps: usize) -> bool {
    let prefix = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = first[prefix.len()..].parse::<usize>().ok().filter(|number| *number <= 1);
    let found = name.strip_prefix(prefix).and_then(|digits| digits.parse::<usize>().ok());
    number.is_some_and(|number| found == number.checked_add(steps))
}
