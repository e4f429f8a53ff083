//! The document around the pages, and where its files are.

use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::App;

/// Name of the built files: `<name>.css`, `<name>.js`, `<name>_bg.wasm`.
pub const OUTPUT_NAME: &str = "swish-cluster";

/// Folder of the built files among `paths`, the site's file names: `pkg/<hash>`.
///
/// None when the browser half was not built; pages then work without it.
pub fn package_dir(paths: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let script = format!("/{OUTPUT_NAME}.js");
    paths.into_iter().find_map(|path| path.as_ref().strip_suffix(&script).map(str::to_owned))
}

/// Options for the router and [`shell`]; `package_dir` as [`package_dir`] finds it.
#[must_use]
pub fn options(package_dir: Option<&str>) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_pkg_dir(package_dir.unwrap_or_default())
        .build()
}

/// The whole document.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let package = options.site_pkg_dir.clone();
    let files = (!package.is_empty()).then(|| {
        view! {
            <link rel="stylesheet" href=format!("/{package}/{OUTPUT_NAME}.css") />
            <HydrationScripts options />
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="data:," />
                {files}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
