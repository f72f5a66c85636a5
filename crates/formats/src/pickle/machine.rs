//! The stack machine: runs the opcodes of a pickle, calls nothing.
//!
//! Every opcode costs a bounded amount of memory for the bytes it takes from the file, and the
//! number of opcodes is bounded, so a pickle can neither take more memory than a small multiple
//! of its size nor loop.

use super::globals::{self, Global};
use super::node::{Arena, Node, NodeId, Object, Span};
use super::opcode as op;
use super::text;
use anear_io::Cursor;
use anear_types::{Error, Limits, Result};
use std::collections::HashMap;

/// The newest pickle protocol there is.
const NEWEST_PROTOCOL: u8 = 5;

/// Nodes that every arena begins with: values that need no place of their own.
const NONE: NodeId = NodeId(0);
const FALSE: NodeId = NodeId(1);
const TRUE: NodeId = NodeId(2);
const EMPTY_TUPLE: NodeId = NodeId(3);

/// A pickle that was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// All nodes.
    pub(crate) arena: Arena,
    /// The node the pickle is about.
    pub(crate) root: NodeId,
    /// Bytes up to and including the last opcode.
    pub(crate) length: usize,
}

/// Reads the pickle at the start of `bytes`, which come from a file of `file_bytes`.
///
/// # Errors
/// If it is damaged, names something that is not allowed, or is out of proportion to the file.
pub(crate) fn load(bytes: &[u8], file_bytes: u64, limits: &Limits) -> Result<Loaded> {
    let mut machine = Machine::new(bytes, (limits.floor_bytes / 64).max(file_bytes));
    loop {
        let offset = machine.cursor.position();
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => {
                return Ok(Loaded {
                    arena: machine.arena,
                    root,
                    length: machine.cursor.position(),
                });
            }
            Err(error) => return Err(error.at_offset(offset as u64)),
        }
    }
}

struct Machine<'a> {
    cursor: Cursor<'a>,
    bytes: &'a [u8],
    arena: Arena,
    stack: Vec<NodeId>,
    /// Heights of the stack at each open mark.
    marks: Vec<usize>,
    memo: Memo,
    opcodes_left: u64,
}

/// What was put aside, by number. Numbers normally count up; others go to a map, so that a large
/// number costs nothing.
#[derive(Default)]
struct Memo {
    dense: Vec<NodeId>,
    sparse: HashMap<u32, NodeId>,
}

impl Memo {
    fn put(&mut self, number: u32, node: NodeId) {
        match self.dense.len().cmp(&(number as usize)) {
            std::cmp::Ordering::Equal => self.dense.push(node),
            std::cmp::Ordering::Greater => self.dense[number as usize] = node,
            std::cmp::Ordering::Less => {
                self.sparse.insert(number, node);
            }
        }
    }

    fn get(&self, number: u32) -> Result<NodeId> {
        let found = self.dense.get(number as usize).or_else(|| self.sparse.get(&number));
        found.copied().ok_or_else(|| {
            Error::malformed(format!("the pickle refers to value {number}, which it never stored"))
        })
    }

    fn len(&self) -> usize {
        self.dense.len() + self.sparse.len()
    }
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8], opcodes_left: u64) -> Machine<'a> {
        let first =
            [Node::None, Node::Bool(false), Node::Bool(true), Node::Tuple { start: 0, len: 0 }];
        Machine {
            cursor: Cursor::new(bytes),
            bytes,
            arena: Arena { nodes: first.to_vec(), ..Arena::default() },
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Memo::default(),
            opcodes_left,
        }
    }

    /// Runs one opcode; gives the root after the last.
    fn step(&mut self) -> Result<Option<NodeId>> {
        if self.opcodes_left == 0 {
            return Err(Error::limit("a pickle program far longer than the file")
                .help("if you trust this file, read it with --no-limits"));
        }
        self.opcodes_left -= 1;
        let opcode = self.cursor.u8("a pickle, before its end")?;
        match opcode {
            op::STOP => return self.pop().map(Some),
            op::PROTO => self.protocol()?,
            op::FRAME => self.frame()?,
            op::MARK => self.marks.push(self.stack.len()),
            op::POP => self.discard()?,
            op::POP_MARK => drop(self.pop_mark()?),
            op::DUP => self.stack.push(self.top()?),
            op::GET | op::BINGET | op::LONG_BINGET => {
                let number = self.memo_number(opcode)?;
                self.stack.push(self.memo.get(number)?);
            }
            op::PUT | op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => {
                let number = self.memo_number(opcode)?;
                self.memo.put(number, self.top()?);
            }
            op::APPEND | op::APPENDS | op::ADDITEMS | op::SETITEM | op::SETITEMS => {
                self.extend(opcode)?;
            }
            op::BUILD => self.build()?,
            _ => {
                let node = self.value(opcode)?;
                self.stack.push(node);
            }
        }
        Ok(None)
    }

    /// Opcodes that push one new value.
    fn value(&mut self, opcode: u8) -> Result<NodeId> {
        match opcode {
            op::NONE => Ok(NONE),
            op::NEWFALSE => Ok(FALSE),
            op::NEWTRUE => Ok(TRUE),
            op::EMPTY_TUPLE => Ok(EMPTY_TUPLE),
            op::INT | op::LONG => self.text_integer(),
            op::BININT | op::BININT1 | op::BININT2 | op::LONG1 | op::LONG4 => {
                self.binary_integer(opcode)
            }
            op::FLOAT => self.text_float(),
            op::BINFLOAT => {
                let value = f64::from_be_bytes(self.cursor.array("a number")?);
                self.add(Node::Float(value))
            }
            op::UNICODE | op::STRING => self.text_line(opcode),
            op::BINUNICODE
            | op::SHORT_BINUNICODE
            | op::BINUNICODE8
            | op::BINSTRING
            | op::SHORT_BINSTRING
            | op::BINBYTES
            | op::SHORT_BINBYTES
            | op::BINBYTES8
            | op::BYTEARRAY8 => self.counted_bytes(opcode),
            op::TUPLE | op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => self.tuple(opcode),
            op::EMPTY_LIST | op::EMPTY_DICT | op::EMPTY_SET => self.container(opcode, Vec::new()),
            op::LIST | op::DICT | op::FROZENSET => {
                let members = self.pop_mark()?;
                self.container(opcode, members)
            }
            op::GLOBAL | op::STACK_GLOBAL => self.global(opcode),
            op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::OBJ | op::INST => self.call(opcode),
            op::PERSID => {
                let span = self.line("a persistent id")?;
                let text = self.add(Node::Text(span))?;
                self.add(Node::Persistent(text))
            }
            op::BINPERSID => {
                let id = self.pop()?;
                self.add(Node::Persistent(id))
            }
            op::EXT1 | op::EXT2 | op::EXT4 => Err(Error::unsupported(
                "the pickle uses the extension registry of the program that wrote it",
            )),
            op::NEXT_BUFFER | op::READONLY_BUFFER => {
                Err(Error::unsupported("the pickle's data was kept outside of it"))
            }
            unknown => Err(Error::malformed(format!("0x{unknown:02x} is no pickle opcode"))),
        }
    }

    fn protocol(&mut self) -> Result<()> {
        match self.cursor.u8("the pickle protocol")? {
            0..=NEWEST_PROTOCOL => Ok(()),
            newer => Err(Error::unsupported(format!(
                "pickle protocol {newer}, the newest known is {NEWEST_PROTOCOL}"
            ))),
        }
    }

    fn frame(&mut self) -> Result<()> {
        let length = self.cursor.u64("a frame")?;
        if length > self.cursor.remaining() as u64 {
            return Err(Error::malformed(format!(
                "a pickle frame of {length} bytes, {} are left",
                self.cursor.remaining()
            )));
        }
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<NodeId> {
        let id = u32_of(self.arena.nodes.len())?;
        self.arena.nodes.push(node);
        Ok(NodeId(id))
    }

    /// Where the current mark's part of the stack begins.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<NodeId> {
        match self.stack.last() {
            Some(node) if self.stack.len() > self.floor() => Ok(*node),
            _ => Err(Error::malformed("the pickle takes a value that is not there")),
        }
    }

    fn pop(&mut self) -> Result<NodeId> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// Drops the last value, or the mark if there is none above it.
    fn discard(&mut self) -> Result<()> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn pop_mark(&mut self) -> Result<Vec<NodeId>> {
        let mark = self.marks.pop();
        let mark = mark.ok_or_else(|| Error::malformed("the pickle lacks a mark"))?;
        Ok(self.stack.split_off(mark))
    }

    fn line(&mut self, what: &str) -> Result<Span> {
        let start = self.cursor.position();
        let rest = &self.bytes[start..];
        let len = rest.iter().position(|byte| *byte == b'\n');
        let len = len.ok_or_else(|| Error::malformed(format!("{what} without an end of line")))?;
        self.cursor.take(len as u64 + 1, what)?;
        Ok(Span { start, len, pooled: false })
    }

    fn line_text(&mut self, what: &str) -> Result<&'a str> {
        let span = self.line(what)?;
        let line = &self.bytes[span.start..span.start + span.len];
        str::from_utf8(line).map_err(|_| Error::malformed(format!("{what} that is no text")))
    }

    fn memo_number(&mut self, opcode: u8) -> Result<u32> {
        let what = "the number of a stored value";
        match opcode {
            op::BINGET | op::BINPUT => Ok(u32::from(self.cursor.u8(what)?)),
            op::LONG_BINGET | op::LONG_BINPUT => self.cursor.u32(what),
            op::MEMOIZE => u32_of(self.memo.len()),
            _ => {
                let line = self.line_text(what)?;
                line.trim().parse().map_err(|_| Error::malformed(format!("'{line}' as {what}")))
            }
        }
    }

    fn text_integer(&mut self) -> Result<NodeId> {
        let line = self.line_text("an integer")?.trim();
        match line {
            "00" => return Ok(FALSE),
            "01" => return Ok(TRUE),
            _ => {}
        }
        let digits = line.strip_suffix('L').unwrap_or(line);
        match digits.parse::<i128>() {
            Ok(value) => self.integer(value),
            Err(error) => match error.kind() {
                std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                    self.add(Node::BigInt(None))
                }
                _ => Err(Error::malformed(format!("'{}' as an integer", shorten(line)))),
            },
        }
    }

    fn binary_integer(&mut self, opcode: u8) -> Result<NodeId> {
        let what = "an integer";
        let length = match opcode {
            op::BININT1 => return self.small(i64::from(self.cursor.clone().u8(what)?), 1),
            op::BININT2 => return self.small(i64::from(self.cursor.clone().u16(what)?), 2),
            op::BININT => return self.small(i64::from(self.cursor.clone().i32(what)?), 4),
            op::LONG1 => u64::from(self.cursor.u8(what)?),
            _ => u64::try_from(self.cursor.i32(what)?)
                .map_err(|_| Error::malformed("an integer of negative length"))?,
        };
        let digits = self.cursor.take(length, what)?;
        let Some(last) = digits.last() else { return self.add(Node::Int(0)) };
        if digits.len() > size_of::<i128>() {
            return self.add(Node::BigInt(None));
        }
        let mut wide = [if *last >= 0x80 { 0xff } else { 0 }; size_of::<i128>()];
        wide[..digits.len()].copy_from_slice(digits);
        self.integer(i128::from_le_bytes(wide))
    }

    fn small(&mut self, value: i64, bytes: u64) -> Result<NodeId> {
        self.cursor.take(bytes, "an integer")?;
        self.add(Node::Int(value))
    }

    fn integer(&mut self, value: i128) -> Result<NodeId> {
        if let Ok(value) = i64::try_from(value) {
            return self.add(Node::Int(value));
        }
        let position = u32_of(self.arena.big.len())?;
        self.arena.big.push(value);
        self.add(Node::BigInt(Some(position)))
    }

    fn text_float(&mut self) -> Result<NodeId> {
        let line = self.line_text("a number")?.trim();
        let value = line.parse();
        let value =
            value.map_err(|_| Error::malformed(format!("'{}' as a number", shorten(line))))?;
        self.add(Node::Float(value))
    }

    fn text_line(&mut self, opcode: u8) -> Result<NodeId> {
        let span = self.line("text")?;
        let line = &self.bytes[span.start..span.start + span.len];
        if opcode == op::UNICODE {
            let span = match text::unescape_unicode(line) {
                Some(unescaped) => self.pooled(&unescaped?),
                None => span,
            };
            return self.add(Node::Text(span));
        }
        let line = line.trim_ascii();
        let span = match text::unquote(line)? {
            Some(unescaped) => self.pooled(&unescaped),
            None => {
                let start = span.start + leading_spaces(&self.bytes[span.start..]) + 1;
                Span { start, len: line.len() - 2, pooled: false }
            }
        };
        self.add(Node::OldString(span))
    }

    fn pooled(&mut self, bytes: &[u8]) -> Span {
        let start = self.arena.pool.len();
        self.arena.pool.extend_from_slice(bytes);
        Span { start, len: bytes.len(), pooled: true }
    }

    fn counted_bytes(&mut self, opcode: u8) -> Result<NodeId> {
        let what = "a string";
        let length = match opcode {
            op::SHORT_BINUNICODE | op::SHORT_BINSTRING | op::SHORT_BINBYTES => {
                u64::from(self.cursor.u8(what)?)
            }
            op::BINUNICODE | op::BINBYTES => u64::from(self.cursor.u32(what)?),
            op::BINSTRING => u64::try_from(self.cursor.i32(what)?)
                .map_err(|_| Error::malformed("a string of negative length"))?,
            _ => self.cursor.u64(what)?,
        };
        let start = self.cursor.position();
        let len = self.cursor.take(length, what)?.len();
        let span = Span { start, len, pooled: false };
        self.add(match opcode {
            op::BINUNICODE | op::SHORT_BINUNICODE | op::BINUNICODE8 => Node::Text(span),
            op::BINSTRING | op::SHORT_BINSTRING => Node::OldString(span),
            _ => Node::Bytes(span),
        })
    }

    fn tuple(&mut self, opcode: u8) -> Result<NodeId> {
        let from = match opcode {
            op::TUPLE => {
                let mark = self.marks.pop();
                mark.ok_or_else(|| Error::malformed("the pickle lacks a mark"))?
            }
            _ => {
                let members = usize::from(opcode - op::TUPLE1) + 1;
                let from = self.stack.len().checked_sub(members);
                from.filter(|from| *from >= self.floor())
                    .ok_or_else(|| Error::malformed("the pickle takes a value that is not there"))?
            }
        };
        let members = &self.stack[from..];
        if members.is_empty() {
            return Ok(EMPTY_TUPLE);
        }
        let start = u32_of(self.arena.items.len())?;
        let len = u32_of(members.len())?;
        u32_of(self.arena.items.len() + members.len())?;
        self.arena.items.extend_from_slice(members);
        self.stack.truncate(from);
        self.add(Node::Tuple { start, len })
    }

    fn container(&mut self, opcode: u8, members: Vec<NodeId>) -> Result<NodeId> {
        let position = u32_of(self.arena.lists.len())?;
        if opcode == op::DICT && !members.len().is_multiple_of(2) {
            return Err(Error::malformed("a dictionary with a key but no value"));
        }
        self.arena.lists.push(members);
        self.add(match opcode {
            op::EMPTY_LIST | op::LIST => Node::List(position),
            op::EMPTY_DICT | op::DICT => Node::Dict(position),
            _ => Node::Set(position),
        })
    }

    /// Adds what lies above the mark, or the last value or two, to the container below.
    fn extend(&mut self, opcode: u8) -> Result<()> {
        let from = match opcode {
            op::APPEND | op::SETITEM => {
                let members = if opcode == op::APPEND { 1 } else { 2 };
                self.stack.len().checked_sub(members).filter(|from| *from >= self.floor())
            }
            _ => self.marks.pop(),
        };
        let target = from.and_then(|from| Some((from, from.checked_sub(1)?)));
        let Some((from, below)) = target.filter(|(_, below)| *below >= self.floor()) else {
            return Err(Error::malformed("the pickle adds to a container that is not there"));
        };
        let in_pairs = matches!(opcode, op::SETITEM | op::SETITEMS);
        let adds = &self.stack[from..];
        if in_pairs && !adds.len().is_multiple_of(2) {
            return Err(Error::malformed("a dictionary with a key but no value"));
        }
        let arena = &mut self.arena;
        let members = match (arena.nodes[self.stack[below].0 as usize], opcode) {
            (Node::List(list), op::APPEND | op::APPENDS)
            | (Node::Set(list), op::ADDITEMS)
            | (Node::Dict(list), op::SETITEM | op::SETITEMS) => &mut arena.lists[list as usize],
            (Node::Object(object), _) => &mut arena.objects[object as usize].items,
            _ => return Err(Error::malformed("the pickle adds to something that holds nothing")),
        };
        members.extend_from_slice(adds);
        self.stack.truncate(from);
        Ok(())
    }

    fn global(&mut self, opcode: u8) -> Result<NodeId> {
        let (module, name) = if opcode == op::GLOBAL {
            (self.line("the name of a module")?, self.line("a name")?)
        } else {
            let name = self.pop()?;
            let module = self.pop()?;
            (self.name(module)?, self.name(name)?)
        };
        let position = globals::find(self.slice(module), self.slice(name))?;
        self.add(Node::Global(position))
    }

    fn name(&self, node: NodeId) -> Result<Span> {
        match self.arena.nodes[node.0 as usize] {
            Node::Text(span) | Node::OldString(span) => Ok(span),
            _ => Err(Error::malformed("a name that is no text")),
        }
    }

    fn slice(&self, span: Span) -> &[u8] {
        let source = if span.pooled { &self.arena.pool } else { self.bytes };
        &source[span.start..span.start + span.len]
    }

    /// A call becomes a node that says what was to be called.
    fn call(&mut self, opcode: u8) -> Result<NodeId> {
        let (callee, arguments) = match opcode {
            op::INST => {
                let (module, name) = (self.line("the name of a module")?, self.line("a name")?);
                let position = globals::find(self.slice(module), self.slice(name))?;
                (self.add(Node::Global(position))?, self.tuple(op::TUPLE)?)
            }
            op::OBJ => {
                let arguments = self.tuple(op::TUPLE)?;
                self.split_off_callee(arguments)?
            }
            op::NEWOBJ_EX => {
                self.pop()?; // named arguments: no allowed name needs any
                let arguments = self.pop()?;
                (self.pop()?, arguments)
            }
            _ => {
                let arguments = self.pop()?;
                (self.pop()?, arguments)
            }
        };
        let node = |id: NodeId| self.arena.nodes[id.0 as usize];
        let (Node::Global(callee), Node::Tuple { .. }) = (node(callee), node(arguments)) else {
            return Err(Error::malformed("the pickle calls something that is no name"));
        };
        if globals::meaning(callee) == Global::Mapping && arguments == EMPTY_TUPLE {
            return self.container(op::EMPTY_DICT, Vec::new());
        }
        let position = u32_of(self.arena.objects.len())?;
        self.arena.objects.push(Object { callee, arguments, state: None, items: Vec::new() });
        self.add(Node::Object(position))
    }

    /// `OBJ` has the callee as the first of its arguments.
    fn split_off_callee(&mut self, all: NodeId) -> Result<(NodeId, NodeId)> {
        match self.arena.nodes[all.0 as usize] {
            Node::Tuple { start, len: 1 } => Ok((self.arena.items[start as usize], EMPTY_TUPLE)),
            Node::Tuple { start, len } if len > 1 => {
                let arguments = self.add(Node::Tuple { start: start + 1, len: len - 1 })?;
                Ok((self.arena.items[start as usize], arguments))
            }
            _ => Err(Error::malformed("the pickle calls something that is no name")),
        }
    }

    /// Gives an object its state. A dictionary's attributes say nothing about vectors.
    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        let target = self.top()?;
        match self.arena.nodes[target.0 as usize] {
            Node::Object(object) => {
                self.arena.objects[object as usize].state = Some(state);
                Ok(())
            }
            Node::Dict(_) => Ok(()),
            _ => Err(Error::malformed("the pickle gives a state to something that has none")),
        }
    }
}

fn u32_of(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| Error::limit("a pickle of more than 4,294,967,295 values"))
}

fn leading_spaces(bytes: &[u8]) -> usize {
    bytes.len() - bytes.trim_ascii_start().len()
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
