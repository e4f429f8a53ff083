//! `GET /p/<name|hash>`: a file as JSON, as raw text or as a page.

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
};
use domain::{FileName, ObjectId};
use serde::Deserialize;
use serde_json::json;

use super::{Version, reply};
use crate::{
    gateway::{error::Refusal, page},
    node::Handle,
};

/// Parameters of the address; others are ignored.
#[derive(Debug, Deserialize)]
pub(super) struct Parameters {
    format: Option<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Page,
    Raw,
    Json,
}

impl Parameters {
    fn format(&self) -> Result<Format, Refusal> {
        match self.format.as_deref() {
            None | Some("swish") => Ok(Format::Page),
            Some("raw") => Ok(Format::Raw),
            Some("json") => Ok(Format::Json),
            Some(_) => Err(Refusal::Malformed(
                "Parameter \"format\" must be one of [swish,raw,json]".into(),
            )),
        }
    }
}

/// Answers a file or one of its versions.
pub(super) async fn get(
    State(node): State<Handle>,
    Path(path): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let answer = match parameters.format() {
        Ok(format) => show(&node, &path, format).await,
        Err(refusal) => Err(refusal),
    };
    answer.unwrap_or_else(|refusal| refusal.into_response(&headers))
}

async fn show(node: &Handle, path: &str, format: Format) -> Result<Response, Refusal> {
    let version = find(node, path).await?;
    let is_head = version.is_head(node);
    match format {
        Format::Raw => Ok(raw(&version.bytes(node).await?)),
        Format::Json => Ok(reply::ok(&json!({
            "data": version.text(node).await?,
            "meta": version.meta(is_head),
            "chats": { "total": 0 },
        }))),
        Format::Page => {
            let page = page::file::render(&version, &version.text(node).await?, is_head);
            Ok(page::protect(Html(page).into_response()))
        }
    }
}

/// A name wins over a hash that reads the same.
async fn find(node: &Handle, path: &str) -> Result<Version, Refusal> {
    if let Some(head) = node.head(&FileName::from(path)) {
        return Version::load(node, head).await;
    }
    let unknown = || Refusal::NotFound(format!("/p/{path}"));
    let id: ObjectId = path.parse().map_err(|_| unknown())?;
    Version::find(node, id).await?.ok_or_else(unknown)
}

fn raw(bytes: &[u8]) -> Response {
    page::protect(([(CONTENT_TYPE, "text/plain; charset=UTF-8")], bytes.to_vec()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_are_not_there_are_refused_by_name() {
        let format = |format: &str| Parameters { format: Some(format.into()) }.format();
        assert_eq!(format("raw").unwrap(), Format::Raw);
        assert_eq!(
            format("history").unwrap_err().to_string(),
            "Parameter \"format\" must be one of [swish,raw,json]"
        );
    }
}
