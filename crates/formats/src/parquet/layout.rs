//! What the columns of a Parquet table are: vectors, plain metadata, or nested metadata.
//!
//! Vectors are lists of numbers (the fixed-size lists of Arrow are stored as lists too) in any of
//! the layouts writers have used: three levels, two levels, a bare repeated field. Byte columns
//! may hold raw numbers; whether they do is decided by looking at the first rows.

use anear_types::{ColumnKind, Element};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type};

/// A column of the table: a top-level field of the schema.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// Its first leaf among all leaves of the schema.
    pub(super) leaf: usize,
    /// What it holds.
    pub(super) role: Role,
}

/// What a column holds, as far as the schema tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Lists of numbers.
    Lists(Element),
    /// One value a row.
    Flat(Flat),
    /// Lists, structs and maps of anything else.
    Nested,
}

/// What the values of a flat column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flat {
    /// Always null.
    Null,
    /// True or false.
    Bool,
    /// Signed integers of any size.
    Int,
    /// Unsigned integers stored in the bits of signed ones.
    Unsigned,
    /// Floats of any size.
    Real,
    /// UTF-8.
    Text,
    /// Values of several kinds as JSON, as anear writes them.
    Mixed,
    /// Bytes.
    Blob,
    /// UUIDs in 16 bytes.
    Uuid,
    /// Days since 1970-01-01.
    Date,
    /// Time since midnight, in this fraction of a second.
    Time(i64),
    /// Time since 1970-01-01, in this fraction of a second; whether in UTC.
    Timestamp(i64, bool),
    /// Decimal number with so many digits after the point.
    Decimal(i32),
}

impl Flat {
    /// The kind of the metadata column.
    pub(super) fn kind(self) -> ColumnKind {
        match self {
            Flat::Bool => ColumnKind::Bool,
            Flat::Int | Flat::Unsigned => ColumnKind::Int,
            Flat::Real => ColumnKind::Real,
            Flat::Blob => ColumnKind::Blob,
            Flat::Mixed => ColumnKind::Mixed,
            _ => ColumnKind::Text,
        }
    }
}

/// The columns of the table, in order.
pub(super) fn fields(schema: &SchemaDescriptor) -> Vec<Field> {
    let mut leaf = 0;
    let mut fields = Vec::new();
    for field in schema.root_schema().get_fields() {
        let leaves = count_leaves(field);
        if leaves == 0 {
            continue; // a group without columns
        }
        let role = match leaves {
            1 => role(field, &schema.column(leaf)),
            _ => Role::Nested,
        };
        fields.push(Field { name: field.name().to_owned(), leaf, role });
        leaf += leaves;
    }
    fields
}

/// The depth of the schema was checked before, so recursion is safe.
fn count_leaves(field: &Type) -> usize {
    if field.is_primitive() {
        return 1;
    }
    field.get_fields().iter().map(|child| count_leaves(child)).sum()
}

fn role(field: &Type, leaf: &ColumnDescriptor) -> Role {
    match (leaf.max_rep_level(), leaf.path().parts().len()) {
        (0, 1) if field.is_primitive() => Role::Flat(flat(leaf)),
        (1, 1..=3) => element(leaf).map_or(Role::Nested, Role::Lists),
        _ => Role::Nested,
    }
}

/// The element of a list whose items are plain numbers.
fn element(leaf: &ColumnDescriptor) -> Option<Element> {
    let integer = match (leaf.logical_type_ref(), leaf.converted_type()) {
        (Some(LogicalType::Integer(kind)), _) => Some((kind.bit_width, kind.is_signed)),
        (Some(LogicalType::Float16), _) => return half(leaf),
        (Some(_), _) => return None,
        (None, ConvertedType::NONE) => None,
        (None, converted) => Some(converted_integer(converted)?),
    };
    match (leaf.physical_type(), integer) {
        (Physical::BOOLEAN, None) => Some(Element::Bool),
        (Physical::FLOAT, None) => Some(Element::F32),
        (Physical::DOUBLE, None) => Some(Element::F64),
        (Physical::INT32, Some((8, true))) => Some(Element::I8),
        (Physical::INT32, Some((8, false))) => Some(Element::U8),
        (Physical::INT32, Some((16, true))) => Some(Element::I16),
        (Physical::INT32, Some((16, false))) => Some(Element::U16),
        (Physical::INT32, None | Some((32, true))) => Some(Element::I32),
        (Physical::INT32, Some((32, false))) => Some(Element::U32),
        (Physical::INT64, None | Some((64, true))) => Some(Element::I64),
        (Physical::INT64, Some((64, false))) => Some(Element::U64),
        _ => None,
    }
}

fn half(leaf: &ColumnDescriptor) -> Option<Element> {
    (leaf.physical_type() == Physical::FIXED_LEN_BYTE_ARRAY && leaf.type_length() == 2)
        .then_some(Element::F16)
}

fn converted_integer(converted: ConvertedType) -> Option<(i8, bool)> {
    Some(match converted {
        ConvertedType::INT_8 => (8, true),
        ConvertedType::INT_16 => (16, true),
        ConvertedType::INT_32 => (32, true),
        ConvertedType::INT_64 => (64, true),
        ConvertedType::UINT_8 => (8, false),
        ConvertedType::UINT_16 => (16, false),
        ConvertedType::UINT_32 => (32, false),
        ConvertedType::UINT_64 => (64, false),
        _ => return None,
    })
}

fn flat(leaf: &ColumnDescriptor) -> Flat {
    if let Some(logical) = leaf.logical_type_ref() {
        return match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Flat::Text,
            LogicalType::Decimal(decimal) => Flat::Decimal(decimal.scale),
            LogicalType::Date => Flat::Date,
            LogicalType::Time(time) => Flat::Time(per_second(time.unit)),
            LogicalType::Timestamp(time) => {
                Flat::Timestamp(per_second(time.unit), time.is_adjusted_to_u_t_c)
            }
            LogicalType::Integer(kind) if !kind.is_signed => Flat::Unsigned,
            LogicalType::Unknown => Flat::Null,
            LogicalType::Uuid if leaf.type_length() == 16 => Flat::Uuid,
            LogicalType::Float16 if half(leaf).is_some() => Flat::Real,
            _ => plain(leaf.physical_type()),
        };
    }
    match leaf.converted_type() {
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Flat::Text,
        ConvertedType::DECIMAL => Flat::Decimal(leaf.type_scale()),
        ConvertedType::DATE => Flat::Date,
        ConvertedType::TIME_MILLIS => Flat::Time(1_000),
        ConvertedType::TIME_MICROS => Flat::Time(1_000_000),
        ConvertedType::TIMESTAMP_MILLIS => Flat::Timestamp(1_000, true),
        ConvertedType::TIMESTAMP_MICROS => Flat::Timestamp(1_000_000, true),
        other => match converted_integer(other) {
            Some((_, false)) => Flat::Unsigned,
            _ => plain(leaf.physical_type()),
        },
    }
}

fn plain(physical: Physical) -> Flat {
    match physical {
        Physical::BOOLEAN => Flat::Bool,
        Physical::INT32 | Physical::INT64 => Flat::Int,
        Physical::FLOAT | Physical::DOUBLE => Flat::Real,
        Physical::INT96 => Flat::Timestamp(1_000_000_000, false),
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => Flat::Blob,
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}
