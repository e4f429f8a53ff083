//! Links to files, whatever their names are.

use domain::FileName;

/// `rel` of a link to a file's page: the router decodes addresses once more than browsers do, so
/// names that this would change are left to the browser.
pub(crate) fn file_rel(name: &FileName) -> Option<&'static str> {
    name.as_str().contains('%').then_some("external")
}
