//! The recordings as exchanges: a request, and what SWISH answered.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use http::Method;
use serde_json::Value;

/// Who answers a request, by docs/architecture.md, "Who answers what".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The node.
    Node,
    /// The node, from chats that its own pages made.
    Chat,
    /// The SWISH behind it.
    Swish,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Where it is recorded: the file, and the line or entry.
    pub place: String,
    /// How it was asked.
    pub method: Method,
    /// What was asked, with the query.
    pub path: String,
    /// Headers that a page sent, but for those of its connection.
    pub headers: Vec<(String, String)>,
    /// What was sent.
    pub body: String,
    /// What was answered.
    pub answer: Recorded,
}

/// An answer, as far as it was kept.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// HTTP status.
    pub status: u64,
    /// Headers that matter, if they were kept.
    pub headers: Vec<(&'static str, String)>,
    /// The body as JSON.
    pub json: Option<Value>,
    /// The body as text.
    pub text: Option<String>,
    /// Length of a body that is sent as it is stored.
    pub raw_len: Option<u64>,
}

/// Headers that a page or a program can see a difference in.
const HEADERS: &[&str] = &[
    "content-type",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "last-modified",
    "cache-control",
    "expires",
    "pragma",
];
/// Headers of a request that belong to its connection.
const OF_A_CONNECTION: &[&str] = &["connection", "content-length", "host"];
/// Where the SWISH of one recording was.
const PREFIX: &str = "/swish/";

fn file(name: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/swish").join(name);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// `http-responses.json`: answers over the fixture store.
///
/// # Errors
/// The recording cannot be read.
pub fn responses() -> Result<Vec<Exchange>> {
    let entries: Vec<Value> = serde_json::from_str(&file("http-responses.json")?)?;
    let mut exchanges = Vec::new();
    for entry in &entries {
        let path = entry["path"].as_str().context("no path")?;
        if !entry["head"].is_string() {
            exchanges.push(response(path.to_owned(), entry));
            continue;
        }
        for format in ["json", "raw", "history", "diff"] {
            let answer = &entry[format];
            // The recorder asked for more versions than SWISH's default.
            let depth = if format == "history" { "&depth=100" } else { "" };
            let mut exchange = response(format!("{path}?format={format}{depth}"), answer);
            exchange.answer.raw_len = answer["len"].as_u64().filter(|_| format == "raw");
            exchanges.push(exchange);
        }
        exchanges.push(response(path.to_owned(), &entry["page"]));
    }
    Ok(exchanges)
}

fn response(path: String, answer: &Value) -> Exchange {
    let kind = answer["ctype"].as_str().map(|kind| ("content-type", kind.to_owned()));
    Exchange {
        place: "http-responses".to_owned(),
        method: Method::GET,
        path,
        headers: Vec::new(),
        body: String::new(),
        answer: Recorded {
            status: answer["status"].as_u64().unwrap_or_default(),
            headers: kind.into_iter().collect(),
            json: answer.get("json").cloned(),
            text: answer["text"].as_str().map(str::to_owned),
            raw_len: None,
        },
    }
}

/// `transcripts/<name>.jsonl`: what two browsers asked one server.
///
/// # Errors
/// The recording cannot be read.
pub fn transcript(name: &str) -> Result<Vec<Exchange>> {
    let text = file(&format!("transcripts/{name}.jsonl"))?;
    let mut exchanges = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let event: Value = serde_json::from_str(line)?;
        let (Some(method), Some(path)) = (event["method"].as_str(), event["path"].as_str()) else {
            continue;
        };
        let body = match &event["req_body"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        exchanges.push(Exchange {
            place: format!("{name}:{number}"),
            method: method.parse()?,
            path: format!("{path}{}", event["query"].as_str().unwrap_or_default()),
            headers: sent(&event),
            body,
            answer: recorded(&event),
        });
    }
    Ok(exchanges)
}

fn sent(event: &Value) -> Vec<(String, String)> {
    let headers = event["req_headers"].as_object().into_iter().flatten();
    let sent = headers.filter(|(name, _)| !OF_A_CONNECTION.contains(&name.as_str()));
    sent.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn recorded(event: &Value) -> Recorded {
    let header =
        |name: &&'static str| Some((*name, event["resp_headers"][*name].as_str()?.to_owned()));
    Recorded {
        status: event["status"].as_u64().unwrap_or_default(),
        headers: HEADERS.iter().filter_map(header).collect(),
        json: event.get("resp_json").cloned(),
        text: event["resp_text"].as_str().map(str::to_owned),
        raw_len: None,
    }
}

impl Recorded {
    /// The body, as far as it was kept.
    #[must_use]
    pub fn body(&self) -> String {
        let json = || self.json.as_ref().map(Value::to_string);
        self.text.clone().or_else(json).unwrap_or_default()
    }
}

impl Exchange {
    /// The request on one line.
    #[must_use]
    pub fn request(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Who answers it.
    #[must_use]
    pub fn who(&self) -> Who {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let path =
            path.strip_prefix(PREFIX).map_or_else(|| path.to_owned(), |own| format!("/{own}"));
        match path.as_str() {
            "/source_list" | "/source_modified" => Who::Node,
            "/typeahead" if query.contains("set=file") || query.contains("set=store_content") => {
                Who::Node
            }
            path if path.starts_with("/chat") => Who::Chat,
            "/backends" => Who::Chat,
            // Served from SWISH's own folder as long as nobody has saved it.
            "/p/Hangout.swinb" => Who::Swish,
            path if path.starts_with("/p/") => {
                let is_page = self.method == Method::GET && !query.contains("format=");
                if is_page && self.answer.status != 404 { Who::Swish } else { Who::Node }
            }
            _ => Who::Swish,
        }
    }
}
