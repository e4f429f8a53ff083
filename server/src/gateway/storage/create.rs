//! `POST /p/`: a new file, or a fork.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
    response::Response,
};
use domain::{FileName, ObjectId};
use gitty::commit;
use rand::{Rng, distr::Alphabetic};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::{
    Version,
    client::Client,
    posted::Posted,
    reply,
    save::{Ended, Text, save},
};
use crate::{
    gateway::error::Refusal,
    node::{Handle, link::now_ms},
};

/// Letters of a name that nobody chose.
const RANDOM_LETTERS: usize = 8;
/// Random names that are tried; there are 52^8 of them.
const RANDOM_TRIES: usize = 8;

/// Creates a file under the name the client wants, or under a random one.
pub(super) async fn create(
    State(node): State<Handle>,
    client: Client,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let answer = match Posted::read(body) {
        Ok(posted) => run(&node, &client, &posted).await,
        Err(refusal) => Err(refusal),
    };
    answer.unwrap_or_else(|refusal| refusal.into_response(&headers))
}

async fn run(node: &Handle, client: &Client, posted: &Posted) -> Result<Response, Refusal> {
    if let Some(base) = posted.meta.get("name").and_then(|name| name.as_str()) {
        let name = file_name(base, &posted.kind)?;
        let ended = attempt(node, client, posted, &name).await?;
        return answer(node, &name, ended).await;
    }
    for _ in 0..RANDOM_TRIES {
        let name = file_name(&random_base(), &posted.kind)?;
        let ended = attempt(node, client, posted, &name).await?;
        if !matches!(ended, Ended::Conflict(_)) {
            return answer(node, &name, ended).await;
        }
    }
    Err(Refusal::Unavailable("every random name was taken".into()))
}

async fn attempt(
    node: &Handle,
    client: &Client,
    posted: &Posted,
    name: &FileName,
) -> Result<Ended, Refusal> {
    let source = source(node, posted.previous).await?;
    let text = Text::new(&posted.data)?;
    let after_ms = source.as_ref().map_or(0, |source| source.commit.time_ms());
    let after_ms = after_ms.max(node.latest_ms(name));
    let time = commit::commit_time(now_ms(), after_ms);
    let previous = source.map(|source| source.id);
    let commit = commit::create(name, text.id, client.meta(&posted.meta), previous, time);
    save(node, client, None, &commit, Some(text)).await
}

async fn answer(node: &Handle, name: &FileName, ended: Ended) -> Result<Response, Refusal> {
    match ended {
        Ended::Decided(commit) => Ok(reply::ok(&reply::saved(node, None, commit).await?)),
        Ended::Held(held) => {
            let mut body = reply::saved(node, None, held.commit).await?;
            body["messages"] = json!([reply::held_message(&held)]);
            Ok(reply::ok(&body))
        }
        Ended::Conflict(_) => Ok(reply::file_exists(name)),
        Ended::Unsettled(unsettled) => Ok(reply::unsettled(name, &unsettled)),
    }
}

/// The commit that is forked; like SWISH, one that nobody knows is left out.
async fn source(node: &Handle, previous: Option<ObjectId>) -> Result<Option<Version>, Refusal> {
    match previous {
        None => Ok(None),
        Some(id) => match Version::find(node, id).await {
            Err(Refusal::NotACommit(_)) => Ok(None),
            found => found,
        },
    }
}

/// Adds the extension unless the name has it, and composes letters, so that one name on the
/// screen is one file.
fn file_name(base: &str, kind: &str) -> Result<FileName, Refusal> {
    let extension = kind.trim_start_matches('.');
    let has_extension = base.rsplit_once('.').is_some_and(|(_, end)| end == extension);
    let name = if extension.is_empty() || has_extension {
        base.to_owned()
    } else {
        format!("{base}.{extension}")
    };
    Ok(FileName::for_create(&name.nfc().collect::<String>())?)
}

fn random_base() -> String {
    rand::rng().sample_iter(Alphabetic).take(RANDOM_LETTERS).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(base: &str, kind: &str) -> String {
        file_name(base, kind).map_or_else(|error| error.to_string(), |name| name.to_string())
    }

    #[test]
    fn the_extension_is_added_once() {
        assert_eq!(name("demo5", "pl"), "demo5.pl");
        assert_eq!(name("foo.pl", "pl"), "foo.pl");
        assert_eq!(name("dd.swinb", "pl"), "dd.swinb.pl");
        assert_eq!(name("readme", ""), "readme");
    }

    #[test]
    fn names_are_composed_and_checked() {
        assert_eq!(name("cafe\u{301}", "pl"), "caf\u{e9}.pl");
        assert!(name("../q", "exe").starts_with("This name cannot be used: "));
    }

    #[test]
    fn a_random_name_is_eight_letters() {
        let base = random_base();
        assert!(base.len() == RANDOM_LETTERS && base.chars().all(|c| c.is_ascii_alphabetic()));
    }
}
