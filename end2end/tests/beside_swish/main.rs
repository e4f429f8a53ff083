//! Two real SWISH servers, each behind a node, nginx in front, and two browsers: what people do.
//!
//! Runs where `SWISH_HOME` names a checkout of SWISH with its browser packages, and nginx is there.
//! With `SWISH_CLUSTER_WALK` its log and pictures are left in that folder (`make walk`).

mod chat;
mod page;
mod site;
mod walk;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use page::Page;
use serde_json::{Value, json};
use site::Site;
use tests::{beside::RealSwish, client::Client};
use walk::Walk;

/// A save is shown by the other SWISH within its second, and pages take a moment.
const SEEN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn people_work_on_two_servers_as_on_one() -> Result<()> {
    if RealSwish::prepare()?.is_none() {
        eprintln!("not run: SWISH_HOME names no checkout of SWISH");
        return Ok(());
    }
    let mut site = Site::start().await?;
    let mut walk = Walk::begin()?;
    let (a, b) = site.two_browsers().await?;
    walk.step("Two browsers open the site: nginx brings one to each server", [&a, &b]).await?;

    edit(&mut walk, &a, &b).await?;
    conflict(&mut walk, &a, &b).await?;
    look_back(&mut walk, &site, &a).await?;
    log_in(&mut walk, &site, &a, &b).await?;
    chat::talk(&mut walk, &mut site, &a, &b).await?;
    a.open("/p/owned.pl").await?;
    lose_a_node(&mut walk, &mut site, &a).await?;

    walk.end()?;
    a.close().await?;
    b.close().await?;
    site.end().await
}

/// One makes a program, the other opens and runs it.
async fn edit(walk: &mut Walk, a: &Page, b: &Page) -> Result<()> {
    a.new_program("p(1).\np(2).\np(3).\n").await?;
    a.save_as("walk", &[]).await?;
    walk.step("A makes a program and saves it as walk.pl", [a]).await?;

    b.open("/p/walk.pl").await?;
    ensure!(b.text().await?.contains("p(3)"), "B sees another text");
    let answers = b.run("p(X).").await?;
    ensure!(answers.contains("X = 1"), "{answers}");
    walk.step("B opens it on the other server and runs p(X)", [b]).await?;

    a.set_text("p(1).\np(2).\np(3).\np(4).\n").await?;
    a.save().await?;
    b.set_text("p(one).\np(2).\np(3).\n").await
}

/// Both changed the same version.
async fn conflict(walk: &mut Walk, a: &Page, b: &Page) -> Result<()> {
    b.press_save().await?;
    let dialog = b.dialog("Edit conflict").await?;
    ensure!(dialog.contains("p(one)"), "{dialog}");
    walk.step("A saved meanwhile: B gets SWISH's own dialog of an edit conflict", [b]).await?;
    b.press(".modal", "Merge").await?;
    b.until_text(&["p(one)", "p(4)"]).await?;
    b.save().await?;
    let merged = b.text().await?;
    walk.step("B merges and saves: both changes are in the next version", [b]).await?;
    a.open("/p/walk.pl").await?;
    ensure!(a.text().await? == merged, "A sees another text than B saved");
    let answers = a.run("p(X).").await?;
    ensure!(answers.contains("X = one"), "{answers}");
    walk.step("A opens the merged text and runs it on its own server", [a]).await
}

/// History and differences, as SWISH's dialog shows them.
async fn look_back(walk: &mut Walk, site: &Site, a: &Page) -> Result<()> {
    a.menu("Info & history ...").await?;
    a.dialog("Meta data").await?;
    a.click(".modal a[href='#gitty-history']").await?;
    a.until("three versions", "document.querySelectorAll('#gitty-history tr').length >= 4").await?;
    walk.step("The dialog of history lists all versions, of both people", [a]).await?;
    a.click(".modal a[href='#gitty-diff']").await?;
    a.until("a difference", "document.querySelector('#gitty-diff').innerText.includes('p(one)')")
        .await?;
    walk.step("The dialog of changes shows what the last version changed", [a]).await?;
    let client = Client::new(&site.address);
    let history = client.get("/p/walk.pl?format=history&depth=10").await?.expect(200)?;
    let versions = history["history"].as_array().context("a list")?.len();
    ensure!(versions == 3, "{history}");
    a.close_dialog().await
}

/// Accounts are SWISH's; what it says counts on all nodes.
async fn log_in(walk: &mut Walk, site: &Site, a: &Page, b: &Page) -> Result<()> {
    a.log_in("ann", "geheim").await?;
    a.open("/").await?;
    a.until("Ann is logged in", "jQuery('#login').hasClass('logout')").await?;
    a.new_program("secret(of_ann).\n").await?;
    a.save_as("owned", &["owner"]).await?;
    let meta = site.meta("owned.pl").await?;
    ensure!(meta["identity"] == "local:ann", "{meta}");
    ensure!(meta["modify"] == json!(["owner"]) && meta.get("peer").is_none(), "{meta}");
    walk.step("A logs in as Ann and saves a file that only she may change", [a]).await?;

    b.open("/p/owned.pl").await?;
    b.set_text("secret(of_mallory).\n").await?;
    let refused = b.put("owned.pl", "secret(of_mallory).\n", &meta["commit"]).await?;
    ensure!(refused == 403, "a stranger's save is answered {refused}");
    b.log_in("bob", "geheim2").await?;
    b.open("/p/owned.pl").await?;
    b.set_text("secret(of_bob).\n").await?;
    b.press_save().await?;
    let refused = b.put("owned.pl", "secret(of_bob).\n", &meta["commit"]).await?;
    ensure!(refused == 403, "Bob's save is answered {refused}");
    ensure!(site.meta("owned.pl").await?["commit"] == meta["commit"], "it was changed");
    walk.step("B is refused (403), as a stranger and, on the other server, as Bob", [b]).await
}

/// The node of A's server dies; its page stays open.
async fn lose_a_node(walk: &mut Walk, site: &mut Site, a: &Page) -> Result<()> {
    let name = a.node().await?;
    site.kill(&name).await?;
    a.set_text("secret(of_ann).\nstill(here).\n").await?;
    a.save().await?;
    let meta = site.meta("owned.pl").await?;
    ensure!(meta["identity"] == "local:ann", "{meta}");
    walk.step("A's node is killed: Ann's open page saves through the other one, as Ann", [a])
        .await?;
    a.open("/p/owned.pl").await?;
    ensure!(a.text().await?.contains("still(here)"), "the other server shows another text");
    let who = a.value("fetch('/user_info').then(answer => answer.json())").await?;
    ensure!(who["user"] == "ann", "{who}");
    let answers = a.run("still(X).").await?;
    ensure!(answers.contains("X = here"), "{answers}");
    walk.step("Ann reloads: the other server knows her, and runs her program", [a]).await?;

    site.restart(&name).await?;
    let shown = site.shows(&name, "owned.pl", "still(here)", SEEN).await?;
    walk.note(&format!(
        "The killed node is started again: its own SWISH shows what was saved meanwhile after {shown:.1?}."
    ));
    Ok(())
}

/// What a page evaluated.
fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true)
}
