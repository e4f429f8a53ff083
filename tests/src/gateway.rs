//! What SWISH pages do with a node: read, create, save, delete.

use anyhow::{Context, Result};
use domain::ObjectId;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// A node's gateway, as a page sees it.
#[derive(Clone, Debug)]
pub struct Gateway(Client);

/// A file as `format=json` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Hash of its version.
    pub commit: ObjectId,
    /// Its text.
    pub text: String,
    /// All of its metadata.
    pub meta: Value,
}

impl Gateway {
    /// The gateway at `host:port`.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self(Client::new(address))
    }

    /// Reads any path.
    ///
    /// # Errors
    /// No answer.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.0.get(path).await
    }

    /// Creates `name`, which ends with `.pl`.
    ///
    /// # Errors
    /// No answer; the file may have been created.
    pub async fn create(&self, name: &str, text: &str) -> Result<Answer> {
        let base = name.strip_suffix(".pl").unwrap_or(name);
        let body = json!({ "data": text, "type": "pl", "meta": { "name": base, "public": true } });
        self.0.send_json(Method::POST, "/p/", &body).await
    }

    /// Saves a text on top of a version.
    ///
    /// # Errors
    /// No answer; the text may have been saved.
    pub async fn save(&self, name: &str, previous: ObjectId, text: &str) -> Result<Answer> {
        self.put(name, &json!({ "data": text, "previous": previous })).await
    }

    /// Sends any update.
    ///
    /// # Errors
    /// No answer; it may have been carried out.
    pub async fn put(&self, name: &str, body: &Value) -> Result<Answer> {
        self.0.send_json(Method::PUT, &path(name), body).await
    }

    /// Empties a file.
    ///
    /// # Errors
    /// No answer; it may have been carried out.
    pub async fn delete(&self, name: &str) -> Result<Answer> {
        self.0.send(Method::DELETE, &path(name), String::new()).await
    }

    /// Reads a file, by name or by the hash of a version.
    ///
    /// # Errors
    /// It is not there.
    pub async fn file(&self, name: &str) -> Result<File> {
        let answer = self.get(&format!("{}?format=json", path(name))).await?;
        let mut body = answer.expect(200).with_context(|| name.to_owned())?;
        let text = body["data"].as_str().context("no text")?.to_owned();
        let meta = body["meta"].take();
        Ok(File { commit: hash(&meta["commit"])?, text, meta })
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// It is not there.
    pub async fn raw(&self, name: &str) -> Result<Vec<u8>> {
        let answer = self.get(&format!("{}?format=raw", path(name))).await?;
        answer.expect(200).with_context(|| name.to_owned())?;
        Ok(answer.body)
    }
}

/// The commit of a save that was answered "saved".
///
/// # Errors
/// It was answered something else.
pub fn saved(answer: &Answer) -> Result<ObjectId> {
    let body = answer.expect(200)?;
    hash(&body["meta"]["commit"]).with_context(|| format!("not saved: {body}"))
}

/// True if a save was answered as saved on that server only (protocol 4.3).
#[must_use]
pub fn is_held(body: &Value) -> bool {
    let told = body["messages"].as_array().into_iter().flatten();
    let mut texts = told.filter_map(|message| message["data"][0].as_str());
    texts.any(|text| text.starts_with("Saved on this server"))
}

/// A hash in an answer.
///
/// # Errors
/// It is none.
pub fn hash(value: &Value) -> Result<ObjectId> {
    let text = value.as_str().with_context(|| format!("no hash: {value}"))?;
    text.parse().with_context(|| text.to_owned())
}

fn path(name: &str) -> String {
    let mut path = String::from("/p/");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}
