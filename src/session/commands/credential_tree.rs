//! `.chain N`: the credentials around the key of a row of the last answer, as a tree.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::engine::credentials::{self, Credential, Descent};
use crate::engine::no_match;
use crate::number;
use crate::query::edit;
use crate::render::record;
use crate::rows::{self, text};
use crate::session::commands::command::{Arguments, Command};
use crate::session::commands::pivot;
use crate::session::{Answer, Session, SessionError};
use crate::sql::Param;
use crate::store::Case;

/// The commands of this file.
pub(crate) const COMMANDS: &[Command] = &[Command {
    arguments: "N",
    examples: &[".chain 3"],
    ..Command::new(".chain", "show where the key of row N is from and what descends from it", run_chain)
}];

/// Maximum number of credentials that the tree shows.
const MAX_SHOWN: usize = 200;

/// The uses of a key: their number, and the principal of the first.
const USES: &str = "SELECT count(*), (SELECT coalesce(i.arn, i.user_name) FROM events f JOIN identities i \
     ON i.id = f.identity_id WHERE f.access_key_id = ?1 ORDER BY f.time, f.event_id LIMIT 1) \
     FROM events e WHERE e.access_key_id = ?1";

fn run_chain(session: &mut Session, arguments: &Arguments<'_>) -> Result<Answer, SessionError> {
    arguments.at_most(1)?;
    let row = arguments.row(0)?;
    let case = session.case()?;
    let key = pivot::key_of_row(session, &case, row)?;
    let above = credentials::ancestors(&case, &key)?;
    let below = credentials::descend(&case, &key)?.unwrap_or_default();
    let mut tree = Tree { case: &case, text: String::new() };
    let mut branch = Branch::default();
    let mut first_key = key.as_str();
    let mut why = above.origin.clone();
    for (credential, evidence) in above.steps.iter().rev() {
        tree.line(&branch, credential, why.as_deref(), "")?;
        why = Some(evidence.sentence());
        if let (Credential::Key(ancestor), true) = (credential, first_key == key) {
            first_key = ancestor;
        }
        branch = branch.child(true);
    }
    let has_origin = why.is_some();
    tree.line(&branch, &Credential::Key(key.clone()), why.as_deref(), &format!("  <- row {row}"))?;
    let shown = tree.descendants(&below, branch)?;
    let lines = tree.text;
    let target = session.output.target(&session.settings.style);
    target.out.write_all(lines.as_bytes())?;
    session.end_page()?;
    if shown < below.hops.len() {
        let (shown, all) = (number::count(shown as u64), number::counted(below.hops.len() as u64, "credential"));
        session.note(&format!("the tree shows {shown} of {all}"));
    }
    session.note(&format!("the events of this key and below: chain={}", edit::literal(&key)));
    if first_key != key {
        session.note(&format!("the events of the whole tree: chain={}", edit::literal(first_key)));
    }
    if !has_origin {
        for gap in no_match::gaps::of_case(&case, false)? {
            session.note(&gap);
        }
    }
    Ok(Answer::rows(u64::try_from(below.hops.len() + above.steps.len()).unwrap_or(u64::MAX)))
}

/// The prefixes of the lines of a tree.
#[derive(Debug, Clone, Default)]
struct Branch {
    /// Before the first line of a credential.
    first: String,
    /// Before its further lines, and before its children.
    further: String,
}

impl Branch {
    fn child(&self, is_last: bool) -> Branch {
        let (first, further) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        Branch { first: format!("{}{first}", self.further), further: format!("{}{further}", self.further) }
    }
}

/// The lines of a tree.
struct Tree<'c> {
    case: &'c Case,
    text: String,
}

impl Tree<'_> {
    /// Adds the line of a credential, and one with the evidence.
    fn line(
        &mut self,
        branch: &Branch,
        credential: &Credential,
        why: Option<&str>,
        mark: &str,
    ) -> Result<(), SessionError> {
        let what = match credential {
            Credential::Key(key) => {
                let found = rows::collect(|sink| self.case.query(USES, &[Param::Text(key.clone())], sink))?;
                let cells = found.rows.first().map(Vec::as_slice).unwrap_or_default();
                let uses = text(cells.first()).parse().unwrap_or(0);
                let by = match text(cells.get(1)) {
                    principal if principal.is_empty() => String::new(),
                    principal => format!(", {principal}"),
                };
                format!("{key}  {}{by}", number::counted(uses, "event"))
            }
            Credential::SignIn(event) => format!("sign-in to the console  {event}"),
            Credential::RoleSwitch(event) => format!("switch to a role in the console  {event}"),
            Credential::Portal(event) => format!("access portal  {event}"),
        };
        let _ = writeln!(self.text, "{}{}{mark}", branch.first, record::safe(&what));
        let unknown = matches!(credential, Credential::Key(_)).then_some("no event of this case issued it");
        if let Some(why) = why.or(unknown) {
            let _ = writeln!(self.text, "{}{}", branch.further, record::safe(why));
        }
        Ok(())
    }

    /// Adds what descends from the first credential, depth first; returns the number of credentials, with the first.
    fn descendants(&mut self, below: &Descent, branch: Branch) -> Result<usize, SessionError> {
        let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
        for (place, hop) in below.hops.iter().enumerate() {
            if let Some((parent, _)) = &hop.from {
                children.entry(*parent).or_default().push(place);
            }
        }
        let mut shown = 1;
        let mut open = vec![(0, branch)];
        while let Some((place, branch)) = open.pop() {
            if let Some(hop) = below.hops.get(place).filter(|hop| hop.from.is_some()) {
                if shown == MAX_SHOWN {
                    break;
                }
                let why = hop.from.as_ref().map(|(_, evidence)| evidence.sentence());
                self.line(&branch, &hop.credential, why.as_deref(), "")?;
                shown += 1;
            }
            // The last is pushed first, because the first is taken first.
            let of_place = children.get(&place).into_iter().flatten().rev().enumerate();
            open.extend(of_place.map(|(from_last, child)| (*child, branch.child(from_last == 0))));
        }
        Ok(shown)
    }
}
