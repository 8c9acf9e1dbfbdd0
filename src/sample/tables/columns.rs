//! Short spellings for the columns that tables are made of.

use super::super::{Column, ColumnType, Generator};

pub(super) const fn column(name: &'static str, kind: ColumnType, generator: Generator) -> Column {
    Column { name, kind, generator }
}

/// `id`, counted from 1.
pub(super) const fn key() -> Column {
    bigint("id", Generator::Ordinal(1))
}

pub(super) const fn bigint(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::BigInt, generator)
}

pub(super) const fn integer(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::Integer, generator)
}

pub(super) const fn smallint(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::SmallInt, generator)
}

pub(super) const fn boolean(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::Boolean, generator)
}

pub(super) const fn text(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::Text, generator)
}

pub(super) const fn date(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::Date, generator)
}

/// A time without zone.
pub(super) const fn time(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::Timestamp, generator)
}

/// A time with zone.
pub(super) const fn timetz(name: &'static str, generator: Generator) -> Column {
    column(name, ColumnType::TimestampTz, generator)
}

/// `created_at` without zone.
pub(super) const fn created() -> Column {
    time("created_at", Generator::Created)
}

/// `updated_at` without zone.
pub(super) const fn updated() -> Column {
    time("updated_at", Generator::Later(90))
}

/// `created_at` with zone.
pub(super) const fn createdtz() -> Column {
    timetz("created_at", Generator::Created)
}

/// `updated_at` with zone.
pub(super) const fn updatedtz() -> Column {
    timetz("updated_at", Generator::Later(90))
}

/// True in so many of 100 rows.
macro_rules! percent {
    ($share:literal) => {
        $crate::sample::Generator::OneOf(
            "",
            &[
                ($share, $crate::sample::Generator::Boolean(true)),
                (100 - $share, $crate::sample::Generator::Boolean(false)),
            ],
        )
    };
}

/// A value in so many of 100 rows, NULL in the others.
macro_rules! sometimes {
    ($share:literal, $generator:expr) => {
        $crate::sample::Generator::OneOf(
            "",
            &[($share, $generator), (100 - $share, $crate::sample::Generator::Null)],
        )
    };
}

/// One of several numbers by weight.
macro_rules! numbers {
    ($($weight:literal => $number:literal),+ $(,)?) => {
        $crate::sample::Generator::OneOf("", &[$(($weight, $crate::sample::Generator::Integer($number))),+])
    };
}

/// One of several texts by weight.
macro_rules! texts {
    ($($weight:literal => $text:literal),+ $(,)?) => {
        $crate::sample::Generator::OneOf("", &[$(($weight, $crate::sample::Generator::Text($text))),+])
    };
}

pub(super) use {numbers, percent, sometimes, texts};
