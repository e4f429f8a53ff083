//! `make bench`: how long saves and stores take on this machine, and what they cost.

use std::path::Path;

use anyhow::{Result, bail};
use tests::bench;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => {
            bench::run_stores()?;
            bench::run_large_stores()?;
            bench::run_scale().await?;
            bench::run_gateway().await?;
            bench::run_chat().await?;
            bench::run().await
        }
        ["alone"] => bench::alone().await,
        ["chat"] => bench::run_chat().await,
        ["gateway"] => bench::run_gateway().await,
        ["saves"] => bench::run().await,
        ["scale"] => bench::run_scale().await,
        ["stores"] => bench::run_stores(),
        ["large-stores"] => bench::run_large_stores(),
        // The references: this program starts itself.
        ["upstream"] => bench::upstream().await,
        ["append", path] => bench::append(Path::new(path)),
        ["store-step", name, store] => bench::store_step(name, Path::new(store)),
        _ => bail!("usage: bench [alone|chat|gateway|saves|scale|stores|large-stores]"),
    }
}
