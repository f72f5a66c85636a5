//! Integers, each in as few bytes as the largest of them needs: what is scanned less is scanned
//! sooner, and page numbers, years and flags fit into one or two bytes.

/// A list of integers of one width.
#[derive(Clone, Debug)]
pub(crate) enum Integers {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
}

/// An integer of one of the widths.
pub(crate) trait Narrow: Copy + Ord {
    const MIN: i64;
    const MAX: i64;

    fn wide(self) -> i64;

    /// The same number, which is one of this type.
    fn from_wide(number: i64) -> Self;
}

macro_rules! narrow {
    ($($kind:ty)*) => {$(
        impl Narrow for $kind {
            const MIN: i64 = <$kind>::MIN as i64;
            const MAX: i64 = <$kind>::MAX as i64;

            fn wide(self) -> i64 {
                self as i64
            }

            fn from_wide(number: i64) -> $kind {
                number as $kind
            }
        }
    )*};
}

narrow! { i8 i16 i32 i64 }

/// Runs code that is the same for every width.
macro_rules! with_values {
    ($integers:expr, $values:ident => $body:expr) => {
        match $integers {
            $crate::columns::Integers::I8($values) => $body,
            $crate::columns::Integers::I16($values) => $body,
            $crate::columns::Integers::I32($values) => $body,
            $crate::columns::Integers::I64($values) => $body,
        }
    };
}
pub(crate) use with_values;

impl Integers {
    /// So many zeros.
    pub(crate) fn zeros(len: usize) -> Integers {
        Integers::I8(vec![0; len])
    }

    pub(crate) fn get(&self, row: usize) -> i64 {
        with_values!(self, values => values[row].wide())
    }

    pub(crate) fn len(&self) -> usize {
        with_values!(self, values => values.len())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = i64> {
        (0..self.len()).map(|row| self.get(row))
    }

    pub(crate) fn bytes(&self) -> usize {
        with_values!(self, values => values.capacity()) * self.width()
    }

    /// Bytes an integer takes.
    pub(crate) fn width(&self) -> usize {
        match self {
            Integers::I8(_) => 1,
            Integers::I16(_) => 2,
            Integers::I32(_) => 4,
            Integers::I64(_) => 8,
        }
    }

    /// Has `len` integers from now on; new ones are zero.
    pub(crate) fn extend(&mut self, len: usize) {
        with_values!(self, values => values.resize(len.max(values.len()), 0));
    }

    /// Sets an integer that is there, or appends one.
    ///
    /// # Panics
    /// If the row lies beyond the end.
    pub(crate) fn put(&mut self, row: usize, value: i64) {
        let width = Integers::width_of(value);
        if width > self.width() {
            *self = self.widened(width);
        }
        with_values!(self, values => {
            let value = Narrow::from_wide(value);
            if row == values.len() {
                values.push(value);
            } else {
                values[row] = value;
            }
        });
    }

    fn width_of(value: i64) -> usize {
        if i8::try_from(value).is_ok() {
            1
        } else if i16::try_from(value).is_ok() {
            2
        } else if i32::try_from(value).is_ok() {
            4
        } else {
            8
        }
    }

    fn widened(&self, width: usize) -> Integers {
        match width {
            1 => Integers::I8(self.iter().map(i8::from_wide).collect()),
            2 => Integers::I16(self.iter().map(i16::from_wide).collect()),
            4 => Integers::I32(self.iter().map(i32::from_wide).collect()),
            _ => Integers::I64(self.iter().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_when_larger_ones_come() {
        let edges = [0, -128, 127, 128, -32_768, 32_767, 32_768, -1 << 31, 1 << 31, i64::MIN];
        let mut integers = Integers::zeros(2);
        for (position, value) in edges.into_iter().enumerate() {
            integers.put(2 + position, value);
        }
        integers.put(0, i64::MAX);
        integers.extend(13);
        let all: Vec<i64> = integers.iter().collect();
        assert_eq!(all[..2], [i64::MAX, 0]);
        assert_eq!(all[2..12], edges);
        assert_eq!(all[12..], [0]);
        assert_eq!(integers.get(7), 32_767);
    }

    #[test]
    fn small_values_take_few_bytes() {
        let mut integers = Integers::zeros(0);
        for row in 0..1000 {
            integers.put(row, (row % 100) as i64);
        }
        assert_eq!(integers.width(), 1);
        integers.put(0, -129);
        assert_eq!(integers.width(), 2);
        integers.put(0, 1 << 40);
        assert_eq!(integers.width(), 8);
        assert!((8000..16_000).contains(&integers.bytes()));
    }
}
