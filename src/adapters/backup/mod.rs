//! What a backup needs of this machine: the programs that dump and restore, and the files that they make. Everything here that
//! touches a disk may take long and is called where that holds up nobody.

mod files;
mod programs;

pub use files::{Sealed, begin, chance, delete, discard, hash, look_at_folder, older, prove, seal, unfinished};
pub use programs::{dump, list, restore, versions};
