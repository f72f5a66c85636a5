//! The index of kind `forest`: rows as they were given, with trees over them that find most of
//! the nearest ones ([`forest`](crate::forest)).
//!
//! A search takes more candidates from the trees than it is to find, adds the rows that came after
//! the trees were grown, and computes all their distances from the rows themselves, as
//! [`flat`](crate::flat) does. So distances are exact, filters and removed rows cost no hits, and
//! what can be missing is a near row that no tree led to. All rows within a radius are looked for
//! without trees.

mod kind;
mod lesson;
mod trees;

pub(crate) use kind::ForestKind;
