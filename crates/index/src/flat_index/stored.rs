//! What is known of rows, in a file.
//!
//! | section | bytes | what |
//! | --- | --- | --- |
//! | `squares` | 4 a row | sum of squares, f32 |
//! | `sq` | 8 + 4 dim | the code of 0 (u8), whether components are whole numbers (u8), six zeros, the centre (f32) |
//! | `sq.codes` | dim a row | codes |
//! | `sq.scales`, `sq.errors`, `sq.squares` | 4 a row | `s`, `e` and `|z|^2` of `anear_quant::sq`, f32 |
//!
//! Numbers are little-endian. `squares` is optional, and so are the others together: without them a
//! search does more work and finds the same.

use super::computed::Computed;
use super::known::Known;
use crate::flat::Beside;
use anear_io::{About, ByteOrder, Input, PREFILTER, Segment, SegmentWriter};
use anear_kernels::codes::CodeRows;
use anear_quant::sq::{Coded, Sq};
use anear_types::{Error, Result};
use std::ops::Range;

const SQUARES: &str = "squares";
const CODES: &str = "sq.codes";
const SCALES: &str = "sq.scales";
const ERRORS: &str = "sq.errors";
const CODE_SQUARES: &str = "sq.squares";

/// Bytes of the section `sq` before the centre.
const SQ_HEADER_BYTES: usize = 8;

/// Where things lie in a mapped file.
#[derive(Debug)]
pub(super) struct Stored {
    input: Input,
    rows: usize,
    dim: usize,
    squares: Option<Range<usize>>,
    codes: Option<CodeRanges>,
}

#[derive(Debug)]
struct CodeRanges {
    codes: Range<usize>,
    scales: Range<usize>,
    errors: Range<usize>,
    squares: Range<usize>,
}

impl Stored {
    /// How many rows it is about.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// What is known of some of the rows, which were coded by `sq`.
    pub(super) fn beside<'a>(&'a self, rows: Range<usize>, sq: Option<&'a Sq>) -> Beside<'a> {
        let floats = |range: &Range<usize>| -> &[f32] {
            bytemuck::cast_slice(&self.input.bytes()[range.clone()])
        };
        let coded = |ranges: &CodeRanges| Coded {
            // What follows in the file may be read, but is of no consequence.
            codes: CodeRows::new(
                &self.input.bytes()[ranges.codes.start..],
                self.rows,
                self.dim,
                self.dim,
            ),
            scales: floats(&ranges.scales),
            errors: floats(&ranges.errors),
            squares: floats(&ranges.squares),
        };
        let all = Beside {
            squares: self.squares.as_ref().map(floats),
            codes: sq.zip(self.codes.as_ref().map(coded)),
        };
        all.range(rows.start, rows.end)
    }

    /// Whether numbers can be used where they lie: bytes that are not mapped may be anywhere.
    fn is_aligned(&self) -> bool {
        let codes =
            self.codes.iter().flat_map(|codes| [&codes.scales, &codes.errors, &codes.squares]);
        self.squares.iter().chain(codes).all(|range| {
            bytemuck::try_cast_slice::<u8, f32>(&self.input.bytes()[range.clone()]).is_ok()
        })
    }
}

impl Known {
    /// What a file says of its rows.
    ///
    /// # Errors
    /// If sections are missing or contradict each other.
    pub(super) fn load(segment: &Segment, about: &About) -> Result<Known> {
        let sections = Sections { segment, about };
        let squares = match segment.get(SQUARES) {
            Some(_) => Some(sections.column(SQUARES, size_of::<f32>())?),
            None => None,
        };
        let (sq, codes) = sections.codes()?.unzip();
        let (input, rows, dim) = (segment.input().clone(), about.rows as usize, about.dim);
        let stored = Stored { input, rows, dim, squares, codes };
        let prefilter = sq.is_some();
        if ByteOrder::NATIVE != ByteOrder::Little || !stored.is_aligned() {
            return Ok(Known::nothing(about.metric, prefilter));
        }
        Ok(Known {
            metric: about.metric,
            prefilter,
            sq,
            trained_rows: about.rows,
            stored: Some(stored),
            computed: Computed::default(),
        })
    }

    /// Writes the sections, of the rows of some runs.
    ///
    /// # Errors
    /// If writing fails.
    pub(super) fn save(&self, runs: &[Range<u64>], writer: &mut SegmentWriter) -> Result<()> {
        if ByteOrder::NATIVE != ByteOrder::Little {
            return Ok(());
        }
        let stretches = || {
            let all = runs.iter().flat_map(|run| self.stretches(run.clone()));
            all.map(|(_, beside)| beside)
        };
        if stretches().all(|beside| beside.squares.is_some()) {
            write_column(writer, SQUARES, stretches().filter_map(|beside| beside.squares))?;
        }
        let all_coded = stretches().all(|beside| beside.codes.is_some());
        let Some(sq) = self.sq.as_ref().filter(|_| all_coded) else {
            return Ok(());
        };
        let coded = || stretches().filter_map(|beside| Some(beside.codes?.1));
        let (center, origin, whole) = sq.parts();
        writer.begin(PREFILTER)?;
        writer.write(&[origin, u8::from(whole), 0, 0, 0, 0, 0, 0])?;
        writer.write(bytemuck::cast_slice(center))?;
        writer.begin(CODES)?;
        for Coded { codes, .. } in coded() {
            (0..codes.rows()).try_for_each(|row| writer.write(codes.row(row)))?;
        }
        write_column(writer, SCALES, coded().map(|coded| coded.scales))?;
        write_column(writer, ERRORS, coded().map(|coded| coded.errors))?;
        write_column(writer, CODE_SQUARES, coded().map(|coded| coded.squares))
    }
}

/// Writes one number a row.
fn write_column<'a>(
    writer: &mut SegmentWriter,
    name: &str,
    mut stretches: impl Iterator<Item = &'a [f32]>,
) -> Result<()> {
    writer.begin(name)?;
    stretches.try_for_each(|numbers| writer.write(bytemuck::cast_slice(numbers)))
}

/// The sections of a file, checked against what it says of itself.
struct Sections<'a> {
    segment: &'a Segment,
    about: &'a About,
}

impl Sections<'_> {
    fn codes(&self) -> Result<Option<(Sq, CodeRanges)>> {
        let Some(bytes) = self.segment.get(PREFILTER) else { return Ok(None) };
        let sq = self
            .coding(bytes)
            .ok_or_else(|| self.damaged(PREFILTER, "is no coding for these rows"))?;
        let float = size_of::<f32>();
        let ranges = CodeRanges {
            codes: self.column(CODES, self.about.dim)?,
            scales: self.column(SCALES, float)?,
            errors: self.column(ERRORS, float)?,
            squares: self.column(CODE_SQUARES, float)?,
        };
        Ok(Some((sq, ranges)))
    }

    fn coding(&self, bytes: &[u8]) -> Option<Sq> {
        let (header, center) = bytes.split_at_checked(SQ_HEADER_BYTES)?;
        let (center, rest) = center.as_chunks();
        let center: Vec<f32> = center.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let fits = center.len() == self.about.dim && rest.is_empty();
        fits.then(|| Sq::from_parts(self.about.metric, center, header[0], header[1] == 1)).flatten()
    }

    /// Where a section with so many bytes a row lies.
    fn column(&self, name: &str, row_bytes: usize) -> Result<Range<usize>> {
        let length = self.segment.require(name)?.len();
        let expected = u128::from(self.about.rows) * row_bytes as u128;
        if length as u128 != expected {
            return Err(self.damaged(name, &format!("has {length} bytes, not {expected}")));
        }
        Ok(self.segment.range(name).expect("it is there"))
    }

    fn damaged(&self, name: &str, what: &str) -> Error {
        Error::malformed(format!("the section {name} {what}")).at_path(self.segment.input().path())
    }
}
