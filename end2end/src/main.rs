//! Serves the made-up site, to look at pages by hand: `made-up-site [port] [healthy|troubled|diverged|empty]`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use app::made_up::MadeUp;
use end2end::made_up_site::MadeUpSite;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(7050), |port| port.parse())?;
    let site = match arguments.next().as_deref() {
        Some("empty") => MadeUp::healthy(now_ms()?, 0),
        Some("healthy") => MadeUp::healthy(now_ms()?, 12_408),
        Some("diverged") => MadeUp::diverged(now_ms()?, 340, 70),
        _ => MadeUp::troubled(now_ms()?, 340),
    };
    let server = MadeUpSite::start(site.clone(), port).await?;
    eprintln!("{}", server.url);
    for beat in 1u64.. {
        tokio::time::sleep(Duration::from_secs(5)).await;
        server.tell(site.tick(now_ms()?));
        if beat.is_multiple_of(2) {
            server.tell(site.save(&format!("live-{}.pl", beat % 6), "Ann"));
            server.tell(domain::view::LiveEvent::Overview(Box::new(site.now())));
        }
    }
    Ok(())
}

fn now_ms() -> Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}
