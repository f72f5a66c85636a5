//! What an `.anx` file says of itself, and the names of the sections that more than one crate
//! reads or writes. `docs/format.md` describes all sections.
//!
//! The section `about`, all numbers little-endian; a text is its length in bytes (u8) and UTF-8:
//!
//! | bytes | field |
//! | --- | --- |
//! | 1 + n | kind of the index, text |
//! | 1 + n | metric, text |
//! | 1 + n | element, text |
//! | 8 | rows, u64 |
//! | 8 | components in a row, u64 |
//!
//! What may follow is for later versions.

use crate::{Cursor, Segment, SegmentWriter};
use anear_types::{Element, Error, Metric, Result, Schema};
use std::ops::Range;

/// The section that an [`About`] is.
const ABOUT: &str = "about";
/// The section with all rows: components as the index was given them, C order, little-endian.
const ROWS: &str = "rows";

/// The section in the place of [`ROWS`] where the rows lie elsewhere: a checksum of some of them.
const ROWS_ELSEWHERE: &str = "rows.elsewhere";

/// The section with the coding of the prefilter, if there is one.
pub const PREFILTER: &str = "sq";

/// Kind, metric and shape of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The kind of the index, such as `flat`.
    pub kind: String,
    /// How nearness is measured.
    pub metric: Metric,
    /// The type of a component.
    pub element: Element,
    /// Number of rows.
    pub rows: u64,
    /// Components in a row, 1 or more.
    pub dim: usize,
}

impl About {
    /// Reads the section `about`.
    ///
    /// # Errors
    /// If it is missing or damaged, or names something unknown.
    pub fn read(segment: &Segment) -> Result<About> {
        let mut cursor = Cursor::new(segment.require(ABOUT)?);
        parse(&mut cursor).map_err(|error| error.at_entry(ABOUT).at_path(segment.input().path()))
    }

    /// Writes the section `about`.
    ///
    /// # Errors
    /// If writing fails.
    ///
    /// # Panics
    /// If the name of the kind is longer than 255 bytes.
    pub fn write(&self, writer: &mut SegmentWriter) -> Result<()> {
        writer.begin(ABOUT)?;
        for text in [&self.kind, self.metric.name(), self.element.name()] {
            writer.write(&[u8::try_from(text.len()).expect("names are short")])?;
            writer.write(text.as_bytes())?;
        }
        writer.write(&self.rows.to_le_bytes())?;
        writer.write(&(self.dim as u64).to_le_bytes())
    }

    /// Where the rows lie in the file.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if they lie elsewhere; or if there are none, or not
    /// as many as there should be.
    pub fn rows_in(&self, segment: &Segment) -> Result<Range<usize>> {
        if About::rows_elsewhere(segment)?.is_some() {
            let what = "the rows of this index are in the vector files of the collection beside it";
            return Err(Error::usage(what)
                .help("open the collection, which is the folder")
                .at_path(segment.input().path()));
        }
        let length = segment.require(ROWS)?.len() as u64;
        let expected = Schema::matrix(self.element, self.rows, self.dim).total_bytes();
        if length != expected {
            let About { rows, dim, element, .. } = self;
            let what = format!(
                "{rows} rows of {dim} {element} take {expected} bytes, section {ROWS} has {length}"
            );
            return Err(Error::malformed(what).at_path(segment.input().path()));
        }
        Ok(segment.range(ROWS).expect("it is there"))
    }

    /// Begins the section with the rows; their bytes are to be written next.
    ///
    /// # Errors
    /// If writing fails.
    pub fn begin_rows(writer: &mut SegmentWriter) -> Result<()> {
        writer.begin(ROWS)
    }

    /// The checksum that tells which rows this is about, if they are not in the file.
    ///
    /// # Errors
    /// If the section that says so is damaged.
    pub fn rows_elsewhere(segment: &Segment) -> Result<Option<u32>> {
        let Some(bytes) = segment.get(ROWS_ELSEWHERE) else { return Ok(None) };
        let checksum = bytes.try_into().map(u32::from_le_bytes).map_err(|_| {
            let what = format!("section {ROWS_ELSEWHERE} has {} bytes, not 4", bytes.len());
            Error::malformed(what).at_path(segment.input().path())
        })?;
        Ok(Some(checksum))
    }

    /// Writes the section that says that the rows are not in the file, with a checksum that tells
    /// which they are.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write_rows_elsewhere(writer: &mut SegmentWriter, checksum: u32) -> Result<()> {
        writer.begin(ROWS_ELSEWHERE)?;
        writer.write(&checksum.to_le_bytes())
    }
}

fn parse(cursor: &mut Cursor<'_>) -> Result<About> {
    let kind = text(cursor, "the kind")?.to_owned();
    let metric = text(cursor, "the metric")?;
    let metric = Metric::from_name(metric)
        .ok_or_else(|| Error::unsupported(format!("the metric {metric:?} is not known")))?;
    let element = text(cursor, "the element")?;
    let element = Element::from_name(element)
        .ok_or_else(|| Error::unsupported(format!("the element {element:?} is not known")))?;
    let rows = cursor.u64("the number of rows")?;
    let dim = cursor.u64("the dimension")?;
    let schema = Schema::array(element, vec![rows, dim]);
    match schema.filter(|schema| schema.dim > 0) {
        Some(schema) => Ok(About { kind, metric, element, rows, dim: schema.dim }),
        None => {
            Err(Error::malformed(format!("an index cannot have {rows} rows of {dim} {element}")))
        }
    }
}

fn text<'a>(cursor: &mut Cursor<'a>, what: &str) -> Result<&'a str> {
    let length = cursor.u8(what)?;
    let bytes = cursor.take(u64::from(length), what)?;
    std::str::from_utf8(bytes).map_err(|_| Error::malformed(format!("{what} is not UTF-8")))
}
