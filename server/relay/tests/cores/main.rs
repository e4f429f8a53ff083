//! The relay core on a table: inputs by hand, outputs as they come.

mod chat;
mod presence;
mod table;
