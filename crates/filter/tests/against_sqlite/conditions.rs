//! Random conditions: mostly what is understood, often something near it, sometimes nonsense.

use crate::random::Random;
use crate::table::{Column, Table, quoted};
use crate::values::FLAVOURS;
use anear_types::Value;

pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) params: Vec<Value>,
}

/// Stands for a parameter while a condition is written.
const PLACE: &str = "¿";

/// A condition for a table.
pub(crate) fn write(random: &mut Random, table: &Table) -> Written {
    let mut writer = Writer { random, table, values: vec![Value::Null] };
    let mut text = writer.condition(3);
    if writer.random.one_in(12) {
        text = writer.damage(&text);
    }
    let mut places = text.matches(PLACE).count();
    let values = writer.values.into_iter().rev().cycle();
    if random.one_in(40) {
        places = if random.one_in(2) { places + 1 } else { places.saturating_sub(1) };
    }
    Written { text: text.replace(PLACE, "?"), params: values.take(places).collect() }
}

struct Writer<'a> {
    random: &'a mut Random,
    table: &'a Table,
    /// Values for parameters.
    values: Vec<Value>,
}

impl<'a> Writer<'a> {
    fn condition(&mut self, depth: usize) -> String {
        let shape = if depth == 0 { 9 } else { self.random.below(10) };
        match shape {
            0 | 1 => self.joined("AND", depth),
            2 | 3 => self.joined("OR", depth),
            4 => format!("{} {}", self.word("NOT"), self.condition(depth - 1)),
            5 => format!("({})", self.condition(depth - 1)),
            _ => self.predicate(),
        }
    }

    fn joined(&mut self, operator: &str, depth: usize) -> String {
        let parts: Vec<String> =
            (0..2 + self.random.below(2)).map(|_| self.condition(depth - 1)).collect();
        let operator = format!("{}{}{}", self.space(), self.word(operator), self.space());
        parts.join(&operator)
    }

    fn predicate(&mut self) -> String {
        if self.random.one_in(15) {
            return self.foreign();
        }
        let column = self.column();
        let name = self.name(column);
        let not = if self.random.one_in(3) { self.word("NOT") + " " } else { String::new() };
        let one = self.constant(column);
        match self.random.below(12) {
            0 => name,
            1 => format!("{one} {} {name}", self.comparison()),
            2 => format!("{name} {} {not}{one}", self.word("IS")),
            3 => {
                let test =
                    self.random.pick(&["IS NULL", "IS NOT NULL", "ISNULL", "NOTNULL", "NOT NULL"]);
                format!("{name} {}", self.word(test))
            }
            4 => {
                let (between, and) = (self.word("BETWEEN"), self.word("AND"));
                format!("{name} {not}{between} {one} {and} {}", self.constant(column))
            }
            5 | 6 => {
                let length = self.random.pick(&[0, 1, 1, 2, 3, 8, 30]);
                let list: Vec<String> = (0..length).map(|_| self.constant(column)).collect();
                format!("{name} {not}{} ({})", self.word("IN"), list.join(", "))
            }
            7 | 8 => {
                let kind = self.random.pick(&["LIKE", "LIKE", "GLOB"]);
                let pattern = if self.random.one_in(8) { one } else { self.pattern() };
                format!("{name} {not}{} {pattern}", self.word(kind))
            }
            _ => format!("{name}{}{}{}{one}", self.space(), self.comparison(), self.space()),
        }
    }

    /// Something that is valid SQL, often, but not of the kind that is understood.
    fn foreign(&mut self) -> String {
        let column = self.column();
        let (name, other) = (self.name(column), self.column());
        let other = self.name(other);
        let one = self.constant(column);
        match self.random.below(24) {
            0 => format!("length({name}) > {one}"),
            1 => format!("{name} + 1 > {one}"),
            2 => format!("{name} = {other}"),
            3 => format!("{name} COLLATE NOCASE = {one}"),
            4 => format!("{name} = {one} COLLATE NOCASE"),
            5 => format!("CASE WHEN {name} THEN {one} ELSE 0 END"),
            6 => format!("{name} LIKE 'a!%' ESCAPE '!'"),
            7 => format!("{name} = ?1"),
            8 => format!("{name} < {one} < 2"),
            9 => format!("{name} = {one} IS NULL"),
            10 => format!("({name} = {one}) = 1"),
            11 => format!("{one} = {one}"),
            12 => format!("{one} IN (1, {one}, NULL)"),
            13 => format!("{one} IS {one}"),
            14 => format!("{name} = x'6162'"),
            15 => format!("-{name} < {one}"),
            16 => format!("+{name} = {one}"),
            17 => format!("({name}, 1) = ({one}, 1)"),
            18 => format!("{name} IS NOT DISTINCT FROM {one}"),
            19 => format!("unknown = {one}"),
            20 => format!("\"unknown\" = {one}"),
            21 => format!("{name} > {one} -- comment"),
            22 => format!("rows.{name} > {one}"),
            _ => format!("{one} BETWEEN {name} AND {other}"),
        }
    }

    fn column(&mut self) -> &'a Column {
        &self.table.columns[self.random.below(self.table.columns.len())]
    }

    fn comparison(&mut self) -> &'static str {
        self.random.pick(&["=", "==", "!=", "<>", "<", "<=", ">", ">="])
    }

    fn name(&mut self, column: &Column) -> String {
        let name = &column.name;
        match self.random.below(8) {
            0 => quoted(name),
            1 if !name.contains(']') => format!("[{name}]"),
            2 => format!("`{name}`"),
            3 => self.word(name),
            4 => format!("({})", quoted(name)),
            _ if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => name.clone(),
            _ => quoted(name),
        }
    }

    /// A value like those of the column, mostly: in the text or as a parameter.
    fn constant(&mut self, column: &Column) -> String {
        let flavour =
            if self.random.one_in(4) { self.random.pick(FLAVOURS) } else { column.flavour };
        let value = flavour.value(self.random);
        // SQL text ends at a zero byte.
        let holds_nul = matches!(&value, Value::Text(text) if text.contains('\0'));
        if holds_nul || self.random.one_in(3) {
            self.values.push(value);
            return PLACE.to_owned();
        }
        match value {
            Value::Null => self.word("NULL"),
            Value::Bool(flag) => self.word(if flag { "TRUE" } else { "FALSE" }),
            Value::Int(number) if self.random.one_in(20) => format!("{number:#x}"),
            Value::Int(number) => number.to_string(),
            Value::Real(number) if number.is_nan() => self.word("NULL"),
            Value::Real(number) if number.is_infinite() => "9e999".to_owned(),
            Value::Real(number) => format!("{number:?}"),
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Value::Blob(_) => "x'6162'".to_owned(),
        }
    }

    fn pattern(&mut self) -> String {
        let parts = ["%", "_", "%", "a", "B", "é", ".pdf", "-", "5", "*", "?", "[a]"];
        let pattern: String = (0..self.random.below(5)).map(|_| self.random.pick(&parts)).collect();
        if self.random.one_in(3) {
            self.values.push(Value::text(pattern));
            return PLACE.to_owned();
        }
        format!("'{pattern}'")
    }

    /// In any case of letters.
    fn word(&mut self, word: &str) -> String {
        match self.random.below(4) {
            0 => word.to_ascii_lowercase(),
            1 => word.to_ascii_uppercase(),
            _ => word.to_owned(),
        }
    }

    fn space(&mut self) -> &'static str {
        if self.random.one_in(20) {
            return self.random.pick(&["", "\x0c", "/**/", "\u{feff}", "--\n"]);
        }
        self.random.pick(&[" ", " ", " ", "  ", "\n", "\t", "\r\n"])
    }

    /// Something is taken out, said twice or put in.
    fn damage(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..1 + self.random.below(2) {
            let at = self.random.below(characters.len() + 1);
            let end = (at + 1 + self.random.below(4)).min(characters.len());
            match self.random.below(3) {
                0 => drop(characters.drain(at..end)),
                1 => {
                    let again: Vec<char> = characters[at..end].to_vec();
                    characters.splice(at..at, again);
                }
                _ => {
                    let signs = [
                        "(",
                        ")",
                        "'",
                        "\"",
                        "[",
                        "]",
                        "`",
                        "-",
                        "--",
                        "/*",
                        "*/",
                        ";",
                        ",",
                        ".",
                        "?",
                        "1",
                        "e",
                        "x",
                        "_",
                        "$",
                        ":",
                        "@",
                        "=",
                        "<",
                        ">",
                        "!",
                        "+",
                        " NOT ",
                        " NULL ",
                        " AND ",
                        " OR ",
                        " IS ",
                        " IN ",
                        "\0",
                        "\x0b",
                        "é",
                        "\u{feff}",
                        "->",
                        "||",
                        "~",
                        "%",
                        "0x",
                        "e5",
                        " BETWEEN ",
                        " LIKE ",
                        " ESCAPE '!' ",
                    ];
                    characters.splice(at..at, self.random.pick(&signs).chars());
                }
            }
        }
        characters.into_iter().collect()
    }
}
