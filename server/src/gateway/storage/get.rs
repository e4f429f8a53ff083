//! `GET /p/<name|hash>`: a file as JSON, raw text, history, difference or page.

use axum::{
    extract::{Path, Query, Request, State},
    http::header::CONTENT_TYPE,
    response::{Html, IntoResponse, Response},
};
use domain::{FileName, ObjectId, words::SwishState};
use serde::Deserialize;
use serde_json::json;

use super::{Version, diff, history, reply};
use crate::{
    gateway::{
        Gateway,
        entry::is_dots,
        error::Refusal,
        page::{self, chat::Said},
        swish,
    },
    node::Handle,
};

/// Versions in a history when the client does not say.
const DEPTH: usize = 5;

/// Parameters of the address; others are ignored.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    format: Option<String>,
    depth: Option<String>,
    to: Option<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Page,
    Raw,
    Json,
    History,
    Diff,
}

impl Parameters {
    fn format(&self) -> Result<Format, Refusal> {
        match self.format.as_deref() {
            None | Some("swish") => Ok(Format::Page),
            Some("raw") => Ok(Format::Raw),
            Some("json") => Ok(Format::Json),
            Some("history") => Ok(Format::History),
            Some("diff") => Ok(Format::Diff),
            Some(_) => Err(Refusal::Malformed(
                "Parameter \"format\" must be one of [swish,raw,json,history,diff]".into(),
            )),
        }
    }

    fn depth(&self) -> Result<usize, Refusal> {
        let Some(depth) = &self.depth else { return Ok(DEPTH) };
        depth.parse().map_err(|_| Refusal::Malformed("Parameter \"depth\" must be a number".into()))
    }
}

/// Answers a file or one of its versions. Pages, and files that the store lacks, are SWISH's.
pub(super) async fn get(
    State(gateway): State<Gateway>,
    Path(path): Path<String>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Response {
    let answer = show(&gateway, &path, &parameters).await;
    let is_swishs = match &answer {
        Ok(Answer::Page(version)) => {
            let swish = gateway.swish.as_ref().map(swish::Swish::state);
            // While it does not answer, the node shows files itself.
            matches!(swish, Some(SwishState::Up | SwishState::Unknown))
                && version.is_shown(&gateway.node).await
        }
        // A default file, perhaps; it would answer a hash that nobody has with an error of its own.
        Err(Refusal::NotFound(_)) => may_be_default(&path),
        _ => false,
    };
    if let (true, Some(swish)) = (is_swishs, &gateway.swish) {
        return swish::forward(swish, request).await;
    }
    // Not before: credentials of a digest are good for one question.
    let (parts, _) = request.into_parts();
    let said = parts.extensions.get::<Said>().cloned();
    if let Err(answer) = gateway.admit(&parts).await {
        return answer;
    }
    let answer = match answer {
        Ok(Answer::Page(version)) => own_page(&gateway.node, said, &version).await,
        Ok(Answer::Whole(answer)) => Ok(answer),
        Err(refusal) => Err(refusal),
    };
    answer.unwrap_or_else(|refusal| refusal.into_response(&parts.headers))
}

/// SWISH's default files have plain names.
fn may_be_default(path: &str) -> bool {
    let is_plain = !path.contains(char::is_control) && !path.split('/').any(is_dots);
    is_plain && path.parse::<ObjectId>().is_err()
}

/// What is answered, or the page that somebody has to make.
enum Answer {
    Whole(Response),
    Page(Version),
}

async fn own_page(
    node: &Handle,
    said: Option<Said>,
    version: &Version,
) -> Result<Response, Refusal> {
    let text = version.text(node).await?;
    let chat = match said {
        Some(said) => said.of(&version.commit.name()).await,
        None => String::new(),
    };
    let page = page::file::render(version, &text, version.is_head(node), &chat);
    Ok(page::protect(Html(page).into_response()))
}

async fn show(gateway: &Gateway, path: &str, parameters: &Parameters) -> Result<Answer, Refusal> {
    let node = &gateway.node;
    let (format, depth) = (parameters.format()?, parameters.depth()?);
    let to = parameters.to.as_deref();
    let version = find(node, path).await?;
    let answer = match format {
        Format::Page => return Ok(Answer::Page(version)),
        Format::Raw => raw(&version, &version.bytes(node).await?),
        Format::Json => reply::ok(&json!({
            "data": version.text(node).await?,
            "meta": version.meta(version.is_head(node)),
            "chats": { "total": gateway.chat.total(version.commit.name().as_str()).await },
        })),
        Format::History => reply::ok(&history::show(node, version, depth, to).await?),
        Format::Diff => reply::ok(&diff::show(node, version, to).await?),
    };
    Ok(Answer::Whole(answer))
}

/// A name wins over a hash that reads the same.
/// A file that is behind is waited for.
pub(super) async fn find(node: &Handle, path: &str) -> Result<Version, Refusal> {
    let name = FileName::from(path);
    node.caught_up(&name).await;
    if let Some(head) = node.head(&name) {
        return Version::load(node, head).await;
    }
    let unknown = || Refusal::NotFound(format!("/p/{path}"));
    let id: ObjectId = path.parse().map_err(|_| unknown())?;
    Version::find(node, id).await?.ok_or_else(unknown)
}

/// The bytes as they are stored. SWISH knows one type by its extension; a browser saves the others.
fn raw(version: &Version, bytes: &[u8]) -> Response {
    let kind = match version.commit.name().extension() {
        "pl" => "text/plain; charset=UTF-8",
        _ => "application/unknown",
    };
    page::protect(([(CONTENT_TYPE, kind)], bytes.to_vec()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_depths_that_are_not_there_are_refused_by_name() {
        let format = |format: &str| {
            Parameters { format: Some(format.into()), ..Parameters::default() }.format()
        };
        assert_eq!(format("raw").unwrap(), Format::Raw);
        assert_eq!(
            format("download").unwrap_err().to_string(),
            "Parameter \"format\" must be one of [swish,raw,json,history,diff]"
        );
        let depth =
            |depth: &str| Parameters { depth: Some(depth.into()), ..Parameters::default() }.depth();
        assert_eq!(depth("7").unwrap(), 7);
        assert!(depth("-1").is_err());
    }
}
