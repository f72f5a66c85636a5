//! Stores on the disk, over every kind of files.

mod hdf5;
mod helpers;
mod hostile;
mod links;
mod story;
