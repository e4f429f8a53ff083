//! The relay core on a table: inputs by hand, outputs as they come.

mod chat;
mod hostile;
mod large;
mod presence;
mod table;
