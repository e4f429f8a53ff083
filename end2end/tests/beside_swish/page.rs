//! A browser with SWISH's page open, and what people do there.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use end2end::browser::Browser;
use fantoccini::cookies::Cookie;
use serde_json::{Value, json};

use super::is_true;

/// SWISH loads some 150 files.
const LOADED: Duration = Duration::from_secs(90);
const FADE: Duration = Duration::from_millis(600);
const EDITOR: &str = "document.querySelector('.tab-pane.active .prolog-editor .CodeMirror')";

/// A person's browser.
pub(super) struct Page {
    /// How the log names them.
    pub(super) who: &'static str,
    browser: Browser,
    address: String,
}

impl Page {
    pub(super) async fn start(who: &'static str, address: &str) -> Result<Self> {
        Ok(Self { who, browser: Browser::start().await?, address: address.to_owned() })
    }

    pub(super) async fn close(self) -> Result<()> {
        self.browser.close().await
    }

    pub(super) async fn picture(&self) -> Result<Vec<u8>> {
        // SWISH's dialogs fade in.
        tokio::time::sleep(FADE).await;
        Ok(self.browser.client.screenshot().await?)
    }

    /// Opens a path and waits until SWISH runs in it.
    pub(super) async fn open(&self, path: &str) -> Result<()> {
        self.browser.client.goto(&format!("http://{}{path}", self.address)).await?;
        let menus = "window.jQuery && jQuery('.navbar .dropdown-toggle').length > 5";
        self.browser.within(LOADED, "SWISH's menus", menus).await?;
        if path.starts_with("/p/") {
            self.browser.within(LOADED, "its editor", EDITOR).await?;
        }
        self.browser.within(LOADED, "its session", "window.swish !== undefined").await
    }

    /// The node that its session names.
    pub(super) async fn node(&self) -> Result<String> {
        let cookie: Cookie<'_> = self.browser.client.get_named_cookie("swipl_session").await?;
        let (_, route) = cookie.value().split_once('.').context("no route")?;
        Ok(route.split('-').next().unwrap_or_default().to_owned())
    }

    /// As if it came for the first time.
    pub(super) async fn forget(&self) -> Result<()> {
        Ok(self.browser.client.delete_all_cookies().await?)
    }

    pub(super) async fn until(&self, what: &str, expression: &str) -> Result<()> {
        self.browser.until(what, expression).await
    }

    pub(super) async fn within(
        &self,
        patience: Duration,
        what: &str,
        expression: &str,
    ) -> Result<()> {
        self.browser.within(patience, what, expression).await
    }

    /// Value of an expression, or of its promise.
    pub(super) async fn value(&self, expression: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             Promise.resolve({expression}).then(done, error => done(String(error)))"
        );
        Ok(self.browser.client.execute_async(&script, Vec::new()).await?)
    }

    pub(super) async fn new_program(&self, text: &str) -> Result<()> {
        // A new tab, unless this one is new: SWISH opens again what was open before.
        let new_tab = "jQuery('.tab-pane.active .tabbed-create').length || \
                       jQuery('.glyphicon-plus:visible').first().click().length";
        self.until("a new tab", new_tab).await?;
        self.click(".tab-pane.active .tabbed-create button[data-type=program]").await?;
        self.until("its editor", EDITOR).await?;
        self.set_text(text).await
    }

    pub(super) async fn set_text(&self, text: &str) -> Result<()> {
        let set = format!("({EDITOR}.CodeMirror.setValue({}), true)", json!(text));
        ensure!(is_true(&self.browser.value(&set).await?));
        Ok(())
    }

    pub(super) async fn text(&self) -> Result<String> {
        let text = self.browser.value(&format!("{EDITOR}.CodeMirror.getValue()")).await?;
        Ok(text.as_str().context("no text")?.to_owned())
    }

    /// Fills SWISH's dialog: the name, and who may save it again if that is said.
    pub(super) async fn save_as(&self, name: &str, modify: &[&str]) -> Result<()> {
        self.menu("Save ...").await?;
        self.until("the dialog", "document.querySelector('.modal form input[name=name]')").await?;
        let fill = format!("(jQuery('.modal input[name=name]').val({}), true)", json!(name));
        self.browser.value(&fill).await?;
        if !modify.is_empty() {
            let choose = format!(
                "(jQuery('.modal [name=modify] input').each((_, box) => \
                 {{ box.checked = {}.includes(box.name) }}), true)",
                json!(modify)
            );
            self.browser.value(&choose).await?;
        }
        self.click(".modal button[name=save]").await?;
        let path = format!("/p/{name}.pl");
        self.until("it is saved", &format!("location.pathname === {}", json!(path))).await?;
        self.until("no dialog", "document.querySelectorAll('.modal.in').length === 0").await
    }

    /// Saves as Ctrl-S does, and waits until SWISH has its answer.
    pub(super) async fn save(&self) -> Result<()> {
        let version = "jQuery('.tab-pane.active .storage').first().data('storage').meta.commit";
        let before = self.browser.value(version).await?;
        self.press_save().await?;
        self.until("a new version", &format!("{version} !== {before}")).await
    }

    pub(super) async fn press_save(&self) -> Result<()> {
        self.browser.value("(jQuery('.tab-pane.active .storage').storage('save'), true)").await?;
        Ok(())
    }

    /// What a save by the page's own means is answered, whatever SWISH's dialogs offer.
    pub(super) async fn put(&self, name: &str, text: &str, previous: &Value) -> Result<u64> {
        let body = json!({ "data": text, "previous": previous, "meta": {} }).to_string();
        let sent = format!(
            "fetch('/p/{name}', {{ method: 'PUT', body: {}, \
             headers: {{ 'content-type': 'application/json' }} }}).then(it => it.status)",
            json!(body)
        );
        self.value(&sent).await?.as_u64().context("no answer")
    }

    /// Text of the dialog with this in it.
    pub(super) async fn dialog(&self, part: &str) -> Result<String> {
        let text = "jQuery('.modal:visible').text()";
        self.until(part, &format!("{text}.includes({})", json!(part))).await?;
        Ok(self.browser.value(text).await?.as_str().unwrap_or_default().to_owned())
    }

    pub(super) async fn close_dialog(&self) -> Result<()> {
        self.click(".modal button.close").await?;
        self.until("no dialog", "document.querySelectorAll('.modal.in').length === 0").await
    }

    /// Waits until the editor has all these parts.
    pub(super) async fn until_text(&self, parts: &[&str]) -> Result<()> {
        let has = format!(
            "{}.every(part => {EDITOR}.CodeMirror.getValue().includes(part))",
            json!(parts)
        );
        self.until("the merged text", &has).await
    }

    /// Runs a query; what its answer says.
    pub(super) async fn run(&self, query: &str) -> Result<String> {
        let set = format!(
            "(jQuery('.prolog-query .CodeMirror')[0].CodeMirror.setValue({}), true)",
            json!(query)
        );
        self.browser.value(&set).await?;
        self.click(".prolog-query-editor .run-btn-query, .btn-primary.btn-xs:contains('Run!')")
            .await?;
        let answer = "jQuery('.prolog-runner').last().text()";
        self.until("an answer", &format!("/X = /.test({answer})")).await?;
        Ok(self.browser.value(answer).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Answers the challenge of HTTP, as a person does in the browser's own window.
    pub(super) async fn log_in(&self, user: &str, password: &str) -> Result<()> {
        let login = format!("http://{user}:{password}@{}/login?server=local", self.address);
        self.browser.client.goto(&login).await?;
        self.until("SWISH's welcome", "document.body.innerText.includes('identified')").await
    }

    pub(super) async fn menu(&self, entry: &str) -> Result<()> {
        let press = format!(
            "jQuery('.navbar a').filter((_, it) => it.textContent.trim() === {}).click().length === 1",
            json!(entry)
        );
        ensure!(is_true(&self.browser.value(&press).await?), "no {entry} in the menus");
        Ok(())
    }

    /// Presses the button of this name.
    pub(super) async fn press(&self, within: &str, name: &str) -> Result<()> {
        self.click(&format!("{within} button:contains('{name}')")).await
    }

    /// Clicks the last visible element of jQuery's selector.
    pub(super) async fn click(&self, selector: &str) -> Result<()> {
        let found = format!("jQuery({}).filter(':visible').last()", json!(selector));
        self.until(selector, &format!("{found}.length === 1")).await?;
        self.browser.value(&format!("({found}[0].click(), true)")).await?;
        Ok(())
    }
}
