//! `make bench`: how long a save takes on this machine, and what it costs.

use std::path::Path;

use anyhow::{Result, bail};
use tests::bench;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => bench::run().await,
        ["alone"] => bench::alone().await,
        // The reference: this program starts itself.
        ["append", path] => bench::append(Path::new(path)),
        _ => bail!("usage: bench [alone]"),
    }
}
