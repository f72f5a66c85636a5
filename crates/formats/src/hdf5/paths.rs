//! The tree of names in a file: every group walked once, soft links followed inside the file.

use super::dataset::Dataset;
use super::datatype::{Kind, small_float};
use super::file::{File, guarded};
use super::links::{Target, is_group, links};
use crate::Skipped;
use anear_types::{Error, ErrorKind, Result};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::object_header::ObjectHeader;
use std::collections::HashMap;

/// What the walk found, by full path without the leading slash.
#[derive(Default)]
pub(super) struct Tree {
    /// Groups, the root first (its path is empty), each with the address of its header.
    pub(super) groups: Vec<(String, u64)>,
    pub(super) datasets: Vec<Named>,
    pub(super) skipped: Vec<Skipped>,
}

/// A data set under one of its names.
pub(super) struct Named {
    pub(super) path: String,
    /// Position of its group among the groups.
    pub(super) group: usize,
    pub(super) dataset: std::sync::Arc<Dataset>,
}

impl Named {
    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// How many soft links one path may go through.
const MAX_HOPS: usize = 16;

/// Lists everything in the file.
pub(super) fn walk(file: &File) -> Result<Tree> {
    let mut walk = Walk {
        file,
        tree: Tree::default(),
        objects: HashMap::new(),
        known: HashMap::new(),
        soft: Vec::new(),
        entries: 0,
        name_bytes: 0,
        header_bytes: 0,
    };
    walk.group("", file.root()?, 0)?;
    walk.follow_soft_links();
    Ok(walk.tree)
}

/// What a path stands for.
#[derive(Clone)]
enum Node {
    Group(usize),
    Dataset(usize),
    /// Another path: a soft link, or a second name of a group.
    Alias(String),
    Other,
}

struct Walk<'a> {
    file: &'a File,
    tree: Tree,
    /// What the objects at these addresses were first found as.
    objects: HashMap<u64, Node>,
    known: HashMap<String, Node>,
    /// Soft links: path, group, what they point to.
    soft: Vec<(String, usize, String)>,
    entries: usize,
    name_bytes: u64,
    /// Memory that all headers parsed so far take; they can share their parts.
    header_bytes: u64,
}

impl Walk<'_> {
    fn group(&mut self, path: &str, address: u64, depth: usize) -> Result<()> {
        let position = self.tree.groups.len();
        self.objects.insert(address, Node::Group(position));
        self.known.insert(path.to_owned(), Node::Group(position));
        self.tree.groups.push((path.to_owned(), address));
        let at_group = |error: Error| error.at_entry(path);
        let header = self.file.header(address).map_err(at_group)?;
        if !is_group(&header) {
            return Err(Error::malformed("the root of the file is no group").at_offset(address));
        }
        for link in links(self.file, &header).map_err(at_group)? {
            let name = if path.is_empty() { link.name } else { format!("{path}/{}", link.name) };
            self.count(&name)?;
            match link.target {
                Target::Object(address) => self.object(name, position, address, depth + 1)?,
                Target::Path(target) => {
                    self.count(&target)?;
                    self.soft.push((name, position, target));
                }
                Target::OtherFile(other) => {
                    self.skip(
                        name,
                        format!("it is a link to another file, {other:?}, which is not followed"),
                    );
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, name: &str) -> Result<()> {
        self.entries += 1;
        self.name_bytes += name.len() as u64;
        let limits = &self.file.limits;
        if self.entries > limits.entries || self.name_bytes > limits.header_bytes {
            return Err(Error::limit("the file has too many groups and data sets"));
        }
        Ok(())
    }

    fn charge(&mut self, header: &ObjectHeader) -> Result<()> {
        for message in &header.messages {
            let content = match message {
                HdfMessage::Attribute(attribute) => attribute.raw_data.len(),
                _ => 0,
            };
            self.header_bytes += (size_of::<HdfMessage>() + content) as u64;
        }
        let allowed = self.file.limits.floor_bytes.max(self.file.len().saturating_mul(100));
        if self.header_bytes > allowed {
            return Err(Error::limit("the objects in the file share too many descriptions"));
        }
        Ok(())
    }

    fn skip(&mut self, name: String, reason: impl Into<String>) {
        self.known.insert(name.clone(), Node::Other);
        self.tree.skipped.push(Skipped { name, reason: reason.into() });
    }

    fn object(&mut self, path: String, group: usize, address: u64, depth: usize) -> Result<()> {
        match self.objects.get(&address).cloned() {
            Some(Node::Group(first)) => {
                let first = self.tree.groups[first].0.clone();
                self.skip(path.clone(), format!("it is the group '/{first}' under another name"));
                self.known.insert(path, Node::Alias(first));
                return Ok(());
            }
            Some(Node::Dataset(first)) => {
                self.add(path, group, self.tree.datasets[first].dataset.clone());
                return Ok(());
            }
            _ => {}
        }
        let header = match self.file.header(address) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.skip(path, format!("it is not supported: {}", error.what()));
                return Ok(());
            }
            header => header.map_err(|error| error.at_entry(path.clone()))?,
        };
        self.charge(&header)?;
        if is_group(&header) {
            if depth > self.file.limits.depth {
                self.skip(path, "its groups are nested too deep");
                return Ok(());
            }
            return self.group(&path, address, depth);
        }
        let dataset = Dataset::new(self.file, address, &header);
        match dataset.map_err(|error| error.at_entry(path.clone()))? {
            Some(mut dataset) => {
                self.settle_float(&path, &mut dataset);
                self.objects.insert(address, Node::Dataset(self.tree.datasets.len()));
                self.add(path, group, dataset.into());
            }
            None if header.messages.iter().any(|m| matches!(m, HdfMessage::Datatype(_))) => {
                self.skip(path, "it is a named type, without values");
            }
            None => self.skip(path, "it is neither a group nor a data set"),
        }
        Ok(())
    }

    fn add(&mut self, path: String, group: usize, dataset: std::sync::Arc<Dataset>) {
        self.known.insert(path.clone(), Node::Dataset(self.tree.datasets.len()));
        self.tree.datasets.push(Named { path, group, dataset });
    }

    /// Floats of one or two bytes come in several layouts, which only the stored type tells apart.
    fn settle_float(&self, path: &str, dataset: &mut Dataset) {
        if let Kind::Number(element, order) = dataset.kind
            && element.is_float()
            && element.bytes() <= 2
        {
            let stored = guarded(|| self.file.library().dataset(path)?.raw_datatype());
            let float = stored.ok().and_then(|message| small_float(&message));
            dataset.kind = match float {
                Some(element) => Kind::Number(element, order),
                None => Kind::Other("its floats are of an unusual layout"),
            };
        }
    }

    /// Soft links come last, when all that they can lead to is known.
    fn follow_soft_links(&mut self) {
        let soft = std::mem::take(&mut self.soft);
        for (path, group, target) in &soft {
            let group = &self.tree.groups[*group].0;
            let absolute = match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("{group}/{target}"),
            };
            self.known.insert(path.clone(), Node::Alias(absolute));
        }
        for (path, group, target) in soft {
            match self.resolve(&path) {
                Some(Node::Dataset(first)) => {
                    let dataset = self.tree.datasets[first].dataset.clone();
                    self.tree.datasets.push(Named { path, group, dataset });
                }
                Some(Node::Group(first)) => {
                    let first = &self.tree.groups[first].0;
                    let reason = format!("it is a link to the group '/{first}'");
                    self.tree.skipped.push(Skipped { name: path, reason });
                }
                _ => {
                    let reason = format!("it is a link to {target:?}, which leads nowhere");
                    self.tree.skipped.push(Skipped { name: path, reason });
                }
            }
        }
    }

    /// What a path stands for, links followed.
    fn resolve(&self, path: &str) -> Option<Node> {
        let mut wanted = path.to_owned();
        for _ in 0..=MAX_HOPS {
            match self.step(&wanted)? {
                Ok(node) => return Some(node),
                Err(instead) => wanted = instead,
            }
        }
        None
    }

    /// The node at `path`, or the path to try instead once the first link in it is followed.
    fn step(&self, path: &str) -> Option<Result<Node, String>> {
        let mut seen = String::new();
        let mut rest = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        let mut node = self.known.get("")?;
        while let Some(part) = rest.next() {
            if !seen.is_empty() {
                seen.push('/');
            }
            seen.push_str(part);
            node = self.known.get(&seen)?;
            if let Node::Alias(target) = node {
                let rest: Vec<&str> = rest.collect();
                return Some(Err(format!("{target}/{}", rest.join("/"))));
            }
        }
        Some(Ok(node.clone()))
    }
}
