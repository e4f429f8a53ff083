//! What people do with SWISH's chat: talk, take names, see each other, lose the network and come back.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tests::page::Page as Socket;

use super::{page::Page, site::Site, walk::Walk};

/// SWISH's page tries again ten seconds after it lost its socket, then after twenty.
const BACK: Duration = Duration::from_secs(45);

/// Both have walk.pl open, each on its own server. They are logged in: SWISH lets nobody else chat.
pub(super) async fn talk(walk: &mut Walk, site: &mut Site, a: &Page, b: &Page) -> Result<()> {
    for page in [a, b] {
        page.open("/p/walk.pl").await?;
        page.open_chat().await?;
    }
    let both = "jQuery('#user-count').text() === '2' && jQuery('#chat li.user').length === 2";
    for page in [a, b] {
        page.until("two visitors, two avatars", both).await?;
    }
    walk.step(
        "Both open the chat of walk.pl: each sees the other's avatar, and two visitors",
        [a, b],
    )
    .await?;

    a.chat("Hello from A").await?;
    for page in [a, b] {
        page.until_chat(&["Hello from A"]).await?;
    }
    let bell = "jQuery('#broadcast-bell .chat-bell-count').text() === '1'";
    b.until("the first message of a chat is in the hangout, too", bell).await?;
    b.chat("Hello from B").await?;
    for page in [a, b] {
        page.until_chat(&["Hello from A", "Hello from B"]).await?;
    }
    walk.step("They talk over two servers; the bell of the hangout rings", [a, b]).await?;

    a.take_name("Grace").await?;
    b.until("A's new name", "jQuery('#chat li.user[title=Grace]').length === 1").await?;
    a.chat("It is me").await?;
    b.until("its sender", "jQuery('.chat-sender').last().text() === 'Grace'").await?;
    walk.step("A takes a nick name: B sees it at the avatar and with the next message", [b])
        .await?;

    a.chat(&"x".repeat(501)).await?;
    a.dialog("limited to 500 characters").await?;
    walk.step("A message of 501 characters is refused, in SWISH's words", [a]).await?;

    let said = ["Hello from A", "Hello from B", "It is me"];
    a.open("/p/walk.pl").await?;
    a.open_chat().await?;
    a.until_chat(&said).await?;
    for page in [a, b] {
        page.until("still two visitors", "jQuery('#user-count').text() === '2'").await?;
    }
    walk.step("A reloads: the history is there, and B still counts two visitors", [a, b]).await?;
    lose_the_network(walk, site, a, b, &said).await
}

/// nginx is killed and comes back; meanwhile somebody posts on the third node.
async fn lose_the_network(
    walk: &mut Walk,
    site: &mut Site,
    a: &Page,
    b: &Page,
    said: &[&str],
) -> Result<()> {
    let mut other = Socket::open(site.third()).await?;
    other.has_open(&["walk.pl"]).await?;
    let before = [a.wsid().await?, b.wsid().await?];
    site.lose_network().await?;
    for page in [a, b] {
        let closed = "jQuery('#chat').data('chat').status === 'closed'";
        page.until("its socket is lost", closed).await?;
    }
    other.says("walk.pl", "Said meanwhile").await?;
    other.expect("chat-message").await?;
    site.mend_network().await?;
    let all: Vec<_> = said.iter().copied().chain(["Said meanwhile"]).collect();
    for page in [a, b] {
        page.within(BACK, "its socket", "jQuery('#chat').data('chat').status === 'ready'").await?;
        page.until_chat(&all).await?;
        page.until("three visitors", "jQuery('#user-count').text() === '3'").await?;
    }
    ensure!([a.wsid().await?, b.wsid().await?] == before, "they came back as others");
    b.chat("And on we go").await?;
    let all: Vec<_> = all.into_iter().chain(["And on we go"]).collect();
    for page in [a, b] {
        page.until_chat(&all).await?;
    }
    walk.step(
        "The network is lost for both and returns: each has, once, what was said meanwhile on the third node",
        [a, b],
    )
    .await?;
    other.send(&json!({ "type": "unload" })).await?;
    drop(other);
    for page in [a, b] {
        page.until("two visitors", "jQuery('#user-count').text() === '2'").await?;
    }
    Ok(())
}

impl Page {
    /// Opens the chat of the file, as SWISH's menu does.
    async fn open_chat(&self) -> Result<()> {
        self.until("its socket", "jQuery('#chat').data('chat').status === 'ready'").await?;
        self.value("(jQuery('.swish-event-receiver').trigger('chat-about-file'), true)").await?;
        self.until("the chat", "jQuery('.tab-pane.active .chatroom textarea').length === 1").await
    }

    /// Types a message and presses Send.
    async fn chat(&self, text: &str) -> Result<()> {
        let typed = format!(
            "(jQuery('.tab-pane.active .chatroom textarea').val({}).trigger('change'), true)",
            json!(text)
        );
        self.value(&typed).await?;
        self.click(".tab-pane.active .chatroom .chat-send button.btn-primary").await
    }

    /// Waits until the chat shows these messages and no others, in this order.
    async fn until_chat(&self, texts: &[&str]) -> Result<()> {
        let shown = "jQuery('.tab-pane.active .chatroom span.chat-message.html')\
                     .map((_, it) => it.innerText.trim()).get()";
        let same = format!("JSON.stringify({shown}) === JSON.stringify({})", json!(texts));
        let seen = self.until(&format!("the chat has {texts:?}"), &same).await;
        match seen {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(format!("it has {}", self.value(shown).await?))),
        }
    }

    /// Types a nick name and presses Enter.
    async fn take_name(&self, name: &str) -> Result<()> {
        let typed = format!(
            "(jQuery('#chat li.myself input').val({})\
             .trigger(jQuery.Event('keypress', {{ which: 13 }})), true)",
            json!(name)
        );
        self.value(&typed).await.map(drop)
    }

    async fn wsid(&self) -> Result<serde_json::Value> {
        self.value("jQuery('#chat').data('chat').wsid").await
    }
}
