//! Reading a version or its text, and the words for what cannot be read.

use domain::{
    FileName, ObjectId, ObjectKind,
    view::{Problem, Version},
};
use gitty::{Commit, Object, Term};

use crate::{
    dashboard::{picture::Picture, site::Site},
    node::ObjectError,
};

/// Digits of a hash that sentences have.
const SHORT: usize = 7;

/// Most settled sides that are shown of a version.
const MAX_SETTLES: usize = 100;

/// Longest author and message, in characters.
const MAX_CHARS: usize = 500;

/// Reads an object here or from a peer.
pub(in crate::dashboard) async fn object(site: &Site, id: ObjectId) -> Result<Object, Problem> {
    let problem = |code: &str, message| Problem { code: code.to_owned(), message };
    site.node().object(id).await.map_err(|error| match error {
        ObjectError::Missing(_) => problem("missing", missing(&site.picture(), id)),
        ObjectError::Read(error) => problem(
            "damaged",
            format!("{} is here and cannot be read ({error}), and no node sent it.", short(id)),
        ),
        ObjectError::Stopping(_) => crate::dashboard::site::stopping(),
    })
}

/// Reads a version.
pub(in crate::dashboard) async fn version(site: &Site, id: ObjectId) -> Result<Version, Problem> {
    let object = object(site, id).await?;
    let malformed = |message| Problem { code: "malformed".to_owned(), message };
    if object.kind != ObjectKind::Commit {
        let kind = object.kind.as_str();
        return Err(malformed(format!("{} is a {kind} and no version of a file.", short(id))));
    }
    let commit = Commit::parse(&object.content)
        .map_err(|error| malformed(format!("Version {} cannot be read: {error}.", short(id))))?;
    Ok(Version {
        id,
        name: commit.name(),
        at_ms: commit.time_ms(),
        author: text(&commit, "author"),
        message: text(&commit, "commit_message"),
        data: commit.data(),
        previous: commit.previous(),
        settles: settles(site, &commit).await,
    })
}

/// The sides that a version settled itself: a plain save carries the list of the version before it
/// along.
async fn settles(site: &Site, commit: &Commit) -> Vec<ObjectId> {
    let tips = commit.settles();
    if tips.is_empty() {
        return tips;
    }
    let inherited = match commit.previous() {
        Some(previous) => match site.node().local_object(previous).await {
            Ok(object) => Commit::parse(&object.content).map(|commit| commit.settles()).ok(),
            Err(_) => None,
        },
        None => None,
    };
    let inherited = inherited.unwrap_or_default();
    tips.into_iter().filter(|tip| !inherited.contains(tip)).take(MAX_SETTLES).collect()
}

/// The version that most nodes serve.
pub(super) fn head(site: &Site, name: &FileName) -> Result<ObjectId, Problem> {
    let picture = site.picture();
    let entry = site.node().shared().file(name);
    let row = entry.and_then(|entry| picture.row(name, &entry));
    let row = row.ok_or_else(|| unknown(&picture, name))?;
    row.common_head().ok_or_else(|| Problem {
        code: "not_found".to_owned(),
        message: format!("No version of “{name}” is decided yet."),
    })
}

/// No node has such a file, as far as this one knows.
pub(in crate::dashboard) fn unknown(picture: &Picture, name: &FileName) -> Problem {
    let names: Vec<_> = picture.seats.iter().map(|seat| seat.name.as_str()).collect();
    let message = format!(
        "No node has a file “{name}”, as {} reported last. Names are exact, with their capitals \
         and their ending.",
        names.join(", ")
    );
    Problem { code: "not_found".to_owned(), message }
}

/// "Version 3f2a91c is not on alpha; bravo was asked and does not have it; charlie is away."
fn missing(picture: &Picture, id: ObjectId) -> String {
    let mut text = format!("{} is not on {}", short(id), picture.node.name);
    for seat in picture.seats.iter().filter(|seat| !seat.is_own()) {
        let said = match seat.answers() {
            true => "was asked and does not have it",
            false => "does not answer and may have it",
        };
        text += &format!("; {} {said}", seat.name);
    }
    text + "."
}

pub(in crate::dashboard) fn short(id: ObjectId) -> String {
    id.to_string()[..SHORT].to_owned()
}

fn text(commit: &Commit, key: &str) -> Option<String> {
    let text = commit.get(key).and_then(Term::as_text)?;
    Some(text.chars().take(MAX_CHARS).collect()).filter(|text: &String| !text.trim().is_empty())
}
