//! `activity`: what people did, newest first, as this node knows it.

use clap::Args;
use domain::{
    view::{ActivityPage, ActivityQuery, DeedRow},
    words::{self, Action},
};

use super::{Exit, client::Node, out};

/// Arguments of `activity`.
#[derive(Args, Debug)]
pub(super) struct Activity {
    #[command(flatten)]
    node: Node,
    /// Only of this person.
    #[arg(long, default_value_t)]
    person: String,
    /// Only this action, by its code, such as `role_changed`.
    #[arg(long)]
    action: Option<Action>,
    /// Only of files with this in their name.
    #[arg(long, default_value_t)]
    file: String,
    /// Only what was done on the node of this name.
    #[arg(long, default_value_t)]
    node_name: String,
    /// Not before this day, in UTC: 2026-11-23.
    #[arg(long, default_value_t)]
    from: String,
    /// Not after this day, in UTC.
    #[arg(long, default_value_t)]
    to: String,
    /// At most so many.
    #[arg(long, default_value_t = ActivityQuery::PAGE)]
    limit: u64,
    /// Print the JSON of /api/v1/activity.
    #[arg(long)]
    json: bool,
}

impl Activity {
    pub(super) async fn run(self) -> Exit {
        if let Some(day) = [&self.from, &self.to].into_iter().find(|day| is_no_day(day)) {
            return out::complain(&format!("{day} is no day such as 2026-11-23"), Exit::Usage);
        }
        let query = ActivityQuery {
            person: self.person,
            action: self.action,
            file: self.file,
            node: self.node_name,
            from: self.from,
            to: self.to,
            offset: 0,
            limit: self.limit,
        };
        let page: ActivityPage = match self.node.at().get(&format!("/api/v1/activity{query}")).await
        {
            Ok(page) => page,
            Err(error) => return out::complain(&error.to_string(), error.exit()),
        };
        if self.json {
            out::json(&page);
        } else {
            page.rows.iter().for_each(|row| out::line(&line(row)));
            out::note(&counted(&page));
        }
        Exit::Done
    }
}

fn is_no_day(day: &str) -> bool {
    !day.is_empty() && words::day_ms(day).is_none()
}

fn line(row: &DeedRow) -> String {
    let at = words::utc(row.deed.at_ms);
    let (node, person) = (plain(&row.node.name), plain(&row.deed.person));
    format!("{at}  {node:<12} {person:<16} {}", plain(&row.deed.sentence()))
}

/// What somebody typed into a login form must not move the cursor of a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { '\u{FFFD}' } else { sign }).collect()
}

fn counted(page: &ActivityPage) -> String {
    let shown = u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
    let total = words::count(page.total, "entry", "entries");
    format!("{} of {total}", words::thousands(shown))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a\u{FFFD}[2Jb\u{FFFD}c");
    }
}
