//! The values of one column.

use super::{Affinity, Bits, Cell, Integers, dictionary::Dictionary};

/// The values of one column, for rows 0, 1, 2, ..
///
/// Held are integers, reals and texts; nulls may lie between them. A column with values of
/// several classes, with bytes, with text that is not UTF-8, or too large for its limit is given
/// up: it takes no memory then, and SQLite has to be asked about it. Integers among reals are
/// held as reals, as long as each of them is exactly a real too.
#[derive(Clone, Debug)]
pub struct ColumnData {
    affinity: Affinity,
    limit_bytes: usize,
    rows: usize,
    /// Which rows have a value; `None` when all have.
    known: Option<Bits>,
    values: Values,
}

/// The values themselves, with any value in the place of nulls.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    /// All rows are null, so far.
    Nulls,
    Whole(Integers),
    Real(Vec<f64>),
    Text(Texts),
    GivenUp,
}

/// Each row's text, as its code in a dictionary.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    pub(crate) codes: Integers,
    pub(crate) dictionary: Dictionary,
}

impl ColumnData {
    /// A column without rows. It may take as much memory as said.
    pub fn new(affinity: Affinity, limit_bytes: usize) -> ColumnData {
        ColumnData { affinity, limit_bytes, rows: 0, known: None, values: Values::Nulls }
    }

    /// Number of rows, nulls included.
    pub fn rows(&self) -> u64 {
        self.rows as u64
    }

    /// Whether the values are held; once they are not, they never will be.
    pub fn is_held(&self) -> bool {
        !matches!(self.values, Values::GivenUp)
    }

    /// Memory taken, in bytes.
    pub fn bytes(&self) -> usize {
        let known = self.known.as_ref().map_or(0, Bits::bytes);
        known
            + match &self.values {
                Values::Nulls | Values::GivenUp => 0,
                Values::Whole(integers) => integers.bytes(),
                Values::Real(reals) => reals.capacity() * size_of::<f64>(),
                Values::Text(texts) => texts.codes.bytes() + texts.dictionary.bytes(),
            }
    }

    /// Sets the value of a row. Rows beyond the last one so far come to be, null up to this one.
    /// Returns whether the column is still held.
    pub fn put(&mut self, row: u64, cell: Cell<'_>) -> bool {
        let cell = match cell {
            // SQLite has no NaN: what is bound as one is null.
            Cell::Real(number) if number.is_nan() => Cell::Null,
            cell => cell,
        };
        if self.is_held() && self.has_room(row, cell) && self.admit(cell) {
            let row = row as usize;
            self.extend(row);
            self.place(row, cell);
        } else {
            self.give_up();
        }
        self.is_held()
    }

    /// Makes the column have so many rows at least; new ones are null.
    pub(super) fn pad(&mut self, rows: u64) {
        if rows > self.rows() {
            self.put(rows - 1, Cell::Null);
        }
    }

    pub(super) fn give_up(&mut self) {
        self.values = Values::GivenUp;
        self.known = None;
    }

    /// Whether much of the memory is for texts that were replaced since.
    pub(super) fn is_wasteful(&self) -> bool {
        match &self.values {
            Values::Text(texts) => texts.dictionary.len() > 2 * self.rows + 1024,
            _ => false,
        }
    }

    pub(crate) fn affinity(&self) -> Affinity {
        self.affinity
    }

    pub(crate) fn known(&self) -> Option<&Bits> {
        self.known.as_ref()
    }

    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// Whether the limit allows for a row and its value.
    fn has_room(&self, row: u64, cell: Cell<'_>) -> bool {
        let width = match (&self.values, cell) {
            (Values::Nulls, Cell::Null) => 0,
            (Values::Whole(integers) | Values::Text(Texts { codes: integers, .. }), _) => {
                integers.width()
            }
            _ => size_of::<f64>(),
        };
        let text_bytes = if let Cell::Text(text) = cell { text.len() } else { 0 };
        let new_rows = (row.saturating_add(1)).saturating_sub(self.rows as u64);
        let more = new_rows.saturating_mul(width as u64 + 1).saturating_add(text_bytes as u64);
        more <= (self.limit_bytes as u64).saturating_sub(self.bytes() as u64)
    }

    /// Makes the values be of a kind that this one can be among; returns whether that can be.
    fn admit(&mut self, cell: Cell<'_>) -> bool {
        let is_at_home = match cell {
            Cell::Int(_) | Cell::Real(_) => self.affinity != Affinity::Text,
            // Such a text would be compared as the number it looks like.
            Cell::Text(text) => !self.affinity.is_numeric() && std::str::from_utf8(text).is_ok(),
            Cell::Null => true,
            Cell::Blob => false,
        };
        if !is_at_home {
            return false;
        }
        let converted = match (&self.values, cell) {
            (_, Cell::Null)
            | (Values::Whole(_), Cell::Int(_))
            | (Values::Real(_), Cell::Real(_))
            | (Values::Text(_), Cell::Text(_)) => return true,
            (Values::Real(_), Cell::Int(number)) => return exact_real(number).is_some(),
            (Values::Nulls, Cell::Int(_)) => Values::Whole(Integers::zeros(self.rows)),
            (Values::Nulls, Cell::Real(_)) => Values::Real(vec![0.0; self.rows]),
            (Values::Nulls, Cell::Text(_)) => Values::Text(Texts {
                codes: Integers::zeros(self.rows),
                dictionary: Dictionary::default(),
            }),
            (Values::Whole(integers), Cell::Real(_)) => {
                match integers.iter().map(exact_real).collect() {
                    Some(reals) => Values::Real(reals),
                    None => return false,
                }
            }
            _ => return false,
        };
        self.values = converted;
        true
    }

    /// Appends nulls until there are `rows` rows.
    fn extend(&mut self, rows: usize) {
        if rows <= self.rows {
            return;
        }
        let have = self.rows;
        self.known.get_or_insert_with(|| Bits::all(have)).extend(rows);
        match &mut self.values {
            Values::Whole(integers) | Values::Text(Texts { codes: integers, .. }) => {
                integers.extend(rows);
            }
            Values::Real(reals) => reals.resize(rows, 0.0),
            Values::Nulls | Values::GivenUp => {}
        }
        self.rows = rows;
    }

    /// Sets the value of a row, the next one at most, that was admitted.
    fn place(&mut self, row: usize, cell: Cell<'_>) {
        if cell == Cell::Null {
            self.extend(row + 1);
            let rows = self.rows;
            self.known.get_or_insert_with(|| Bits::all(rows)).put(row, false);
            return;
        }
        match (&mut self.values, cell) {
            (Values::Whole(integers), Cell::Int(number)) => integers.put(row, number),
            (Values::Real(reals), Cell::Int(number)) => put_real(reals, row, number as f64),
            (Values::Real(reals), Cell::Real(number)) => put_real(reals, row, number),
            (Values::Text(texts), Cell::Text(text)) => match texts.dictionary.add(text) {
                Some(code) => texts.codes.put(row, i64::from(code)),
                None => return self.give_up(),
            },
            _ => unreachable!("the cell was admitted"),
        }
        if let Some(known) = &mut self.known {
            known.put(row, true);
        }
        self.rows = self.rows.max(row + 1);
    }
}

fn put_real(reals: &mut Vec<f64>, row: usize, number: f64) {
    if row == reals.len() {
        reals.push(number);
    } else {
        reals[row] = number;
    }
}

/// The real that is exactly this integer, if there is one.
fn exact_real(number: i64) -> Option<f64> {
    let real = number as f64;
    (real as i128 == i128::from(number)).then_some(real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::ones;

    const ROOM: usize = 1 << 20;

    fn column(affinity: Affinity, cells: &[Cell<'_>]) -> ColumnData {
        let mut column = ColumnData::new(affinity, ROOM);
        for (row, cell) in cells.iter().enumerate() {
            column.put(row as u64, *cell);
        }
        column
    }

    fn known(column: &ColumnData) -> Vec<usize> {
        ones(column.known.as_ref().expect("nulls").words()).collect()
    }

    #[test]
    fn nulls_may_come_before_between_and_after() {
        let mut data =
            column(Affinity::Integer, &[Cell::Null, Cell::Int(5), Cell::Null, Cell::Int(-1)]);
        data.put(6, Cell::Int(300));
        data.pad(8);
        data.put(2, Cell::Real(f64::NAN));
        assert_eq!((known(&data), data.rows()), (vec![1, 3, 6], 8));
        let Values::Whole(integers) = &data.values else { panic!("{data:?}") };
        assert_eq!((integers.get(1), integers.get(3), integers.get(6)), (5, -1, 300));
    }

    #[test]
    fn integers_among_reals_are_reals_if_they_are_exactly_that() {
        let data = column(Affinity::Numeric, &[Cell::Int(1 << 60), Cell::Real(0.5), Cell::Int(-3)]);
        let Values::Real(reals) = &data.values else { panic!("{data:?}") };
        assert_eq!(reals[..], [1152921504606846976.0, 0.5, -3.0]);
        for cells in
            [[Cell::Int((1 << 53) + 1), Cell::Real(0.5)], [Cell::Real(0.5), Cell::Int(i64::MAX)]]
        {
            assert!(!column(Affinity::Numeric, &cells).is_held(), "{cells:?}");
        }
    }

    #[test]
    fn values_that_do_not_go_together_are_given_up() {
        for (affinity, cells) in [
            (Affinity::Blob, [Cell::Int(1), Cell::Text(b"a")]),
            (Affinity::Blob, [Cell::Text(b"a"), Cell::Real(1.0)]),
            (Affinity::Blob, [Cell::Text(b"a"), Cell::Blob]),
            (Affinity::Text, [Cell::Text(b"a"), Cell::Text(b"\xff")]),
            (Affinity::Text, [Cell::Int(1), Cell::Null]),
            (Affinity::Integer, [Cell::Text(b"5"), Cell::Null]),
        ] {
            let data = column(affinity, &cells);
            assert!(!data.is_held(), "{cells:?}");
            assert_eq!(data.bytes(), 0);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut far = ColumnData::new(Affinity::Integer, ROOM);
        assert!(far.put(0, Cell::Int(1)));
        assert!(!far.put(u64::MAX, Cell::Int(1)));
        let mut long = ColumnData::new(Affinity::Text, ROOM);
        assert!(long.put(0, Cell::Text(b"short")));
        assert!(!long.put(1, Cell::Text(&vec![b'x'; ROOM])));
        let mut many = ColumnData::new(Affinity::Real, ROOM);
        let rows = (0..).take_while(|row| many.put(*row, Cell::Real(0.5))).count();
        assert!((ROOM / 17..ROOM / 8).contains(&rows), "{rows} rows");
    }

    #[test]
    fn replaced_texts_are_waste() {
        let mut data = ColumnData::new(Affinity::Text, ROOM);
        for round in 0..1100 {
            assert_eq!(data.is_wasteful(), round > 1026, "round {round}");
            data.put(0, Cell::Text(format!("text {round}").as_bytes()));
        }
    }
}
